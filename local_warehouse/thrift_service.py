"""The Databricks SQL Thrift service: each method of the protocol on top of the engine.

The generated classes of databricks-sql-connector define the messages. Statements run in their session's
thread;
a call waits for them a moment and otherwise tells the client to ask again, so that a client can cancel in
between.
"""

# The methods are the protocol's: it gives them their names, and says what they do.
# ruff: noqa: N802, D102

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import TCLIService, ttypes
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TTransport import TMemoryBuffer

from local_warehouse import results
from local_warehouse.column_types import field_type, sql_type, thrift_type
from local_warehouse.engine import Engine, Operation, Session, State
from local_warehouse.errors import WarehouseError, from_exception
from local_warehouse.parameters import bind
from local_warehouse.results import Result

log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 1.0
"""How long ExecuteStatement waits for the statement before it answers that it is running."""

POLL_WAIT_SECONDS = 0.5
"""How long GetOperationStatus waits. A client's cancel has to wait for the poll under way, so it is short."""

FETCH_BYTES = 16 * 1024 * 1024
"""About how much one answer carries at most, whatever the client allows."""

FETCH_ROWS = 1_000_000

_STATES = {
    State.RUNNING: ttypes.TOperationState.RUNNING_STATE,
    State.FINISHED: ttypes.TOperationState.FINISHED_STATE,
    State.CANCELED: ttypes.TOperationState.CANCELED_STATE,
    State.FAILED: ttypes.TOperationState.ERROR_STATE,
}


def _ok() -> ttypes.TStatus:
    return ttypes.TStatus(statusCode=ttypes.TStatusCode.SUCCESS_STATUS)


def _failed(error: WarehouseError) -> ttypes.TStatus:
    return ttypes.TStatus(
        statusCode=ttypes.TStatusCode.ERROR_STATUS,
        sqlState=error.sql_state,
        errorMessage=error.message,
        displayMessage=error.message,
    )


class ThriftService:
    """Answers Thrift messages.

    Args:
        engine: What runs the statements.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._processor = TCLIService.Processor(self)

    def answer(self, message: bytes) -> bytes:
        """Answer one message.

        Args:
            message: A call in Thrift's binary protocol.

        Returns:
            The reply.

        Raises:
            Exception: The message is not well formed.
        """
        reply = TMemoryBuffer()
        self._processor.process(TBinaryProtocol(TMemoryBuffer(message)), TBinaryProtocol(reply))
        written: bytes = reply.getvalue()
        return written

    # -- sessions
    # ------------------------------------------------------------------------------------------------

    def OpenSession(self, req: ttypes.TOpenSessionReq) -> ttypes.TOpenSessionResp:
        version = ttypes.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V7
        namespace = req.initialNamespace or ttypes.TNamespace()
        try:
            session = self._engine.open_session(
                namespace.catalogName, namespace.schemaName, req.configuration or {}
            )
        except Exception as error:
            failed = from_exception(error, self._engine.catalog.logical_schemas())
            return ttypes.TOpenSessionResp(status=_failed(failed), serverProtocolVersion=version)
        return ttypes.TOpenSessionResp(
            status=_ok(),
            serverProtocolVersion=version,
            sessionHandle=ttypes.TSessionHandle(
                sessionId=ttypes.THandleIdentifier(guid=session.id, secret=b"\0" * 16),
                serverProtocolVersion=version,
            ),
            configuration={},
            initialNamespace=ttypes.TNamespace(catalogName=session.catalog, schemaName=session.schema),
            canUseMultipleCatalogs=True,
        )

    def CloseSession(self, req: ttypes.TCloseSessionReq) -> ttypes.TCloseSessionResp:
        self._engine.close_session(req.sessionHandle.sessionId.guid)
        return ttypes.TCloseSessionResp(status=_ok())

    def GetInfo(self, req: ttypes.TGetInfoReq) -> ttypes.TGetInfoResp:
        names = {
            ttypes.TGetInfoType.CLI_SERVER_NAME: "local_warehouse",
            ttypes.TGetInfoType.CLI_DBMS_NAME: "Spark SQL",
            ttypes.TGetInfoType.CLI_DBMS_VER: self._engine.spark.version,
        }
        value = ttypes.TGetInfoValue(stringValue=names.get(req.infoType, ""))
        return ttypes.TGetInfoResp(status=_ok(), infoValue=value)

    # -- statements
    # ----------------------------------------------------------------------------------------------

    def ExecuteStatement(self, req: ttypes.TExecuteStatementReq) -> ttypes.TExecuteStatementResp:
        session = self._engine.session(req.sessionHandle.sessionId.guid)
        if session is None:
            return ttypes.TExecuteStatementResp(status=_failed(_no_session()))
        try:
            sql = bind(req.statement, req.parameters or [])
            if req.resultRowLimit:
                raise WarehouseError(
                    "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE",
                    "A row limit is not supported; write LIMIT.",
                    "0A000",
                )
            operation = session.start(sql, float(req.queryTimeout) if req.queryTimeout else None)
            operation.is_compressed = bool(req.canDecompressLZ4Result)
        except WarehouseError as error:
            return ttypes.TExecuteStatementResp(status=_failed(error))
        return self._begun(operation, req.getDirectResults, ttypes.TExecuteStatementResp)

    def _begun(
        self, operation: Operation, direct: ttypes.TSparkGetDirectResults | None, response: Any
    ) -> Any:
        """Answer a call that started an operation, with its rows where they are there soon and asked for."""
        operation.wait(FIRST_WAIT_SECONDS if direct is not None else 0)
        handle = ttypes.TOperationHandle(
            operationId=ttypes.THandleIdentifier(guid=operation.id, secret=operation.session.id),
            operationType=ttypes.TOperationType.EXECUTE_STATEMENT,
            hasResultSet=True,
        )
        answer = response(status=_ok(), operationHandle=handle)
        if direct is None:
            return answer
        answer.directResults = ttypes.TSparkDirectResults(operationStatus=_status(operation))
        if operation.state is State.FINISHED and operation.result is not None:
            answer.directResults.resultSetMetadata = _metadata(operation)
            answer.directResults.resultSet = _fetch(operation, direct.maxRows, direct.maxBytes)
            if not answer.directResults.resultSet.hasMoreRows:
                operation.session.close_operation(operation.id)
                answer.directResults.closeOperation = ttypes.TCloseOperationResp(status=_ok())
        elif operation.state is State.FAILED:
            operation.session.close_operation(operation.id)
            answer.directResults.closeOperation = ttypes.TCloseOperationResp(status=_ok())
        return answer

    def _operation(self, handle: ttypes.TOperationHandle) -> Operation | None:
        session = self._engine.session(handle.operationId.secret)
        return None if session is None else session.operation(handle.operationId.guid)

    def GetOperationStatus(self, req: ttypes.TGetOperationStatusReq) -> ttypes.TGetOperationStatusResp:
        operation = self._operation(req.operationHandle)
        if operation is None:
            return ttypes.TGetOperationStatusResp(
                status=_ok(), operationState=ttypes.TOperationState.CLOSED_STATE
            )
        operation.wait(POLL_WAIT_SECONDS)
        return _status(operation)

    def CancelOperation(self, req: ttypes.TCancelOperationReq) -> ttypes.TCancelOperationResp:
        operation = self._operation(req.operationHandle)
        if operation is not None:
            operation.cancel()
        return ttypes.TCancelOperationResp(status=_ok())

    def CloseOperation(self, req: ttypes.TCloseOperationReq) -> ttypes.TCloseOperationResp:
        operation = self._operation(req.operationHandle)
        if operation is not None:
            operation.session.close_operation(operation.id)
        return ttypes.TCloseOperationResp(status=_ok())

    def GetResultSetMetadata(self, req: ttypes.TGetResultSetMetadataReq) -> ttypes.TGetResultSetMetadataResp:
        operation = self._operation(req.operationHandle)
        if operation is None or operation.result is None:
            return ttypes.TGetResultSetMetadataResp(status=_failed(_no_result(operation)))
        return _metadata(operation)

    def FetchResults(self, req: ttypes.TFetchResultsReq) -> ttypes.TFetchResultsResp:
        operation = self._operation(req.operationHandle)
        if operation is not None:
            operation.wait(None)
        if operation is None or operation.result is None:
            return ttypes.TFetchResultsResp(status=_failed(_no_result(operation)))
        answer = _fetch(operation, req.maxRows, req.maxBytes)
        if req.includeResultSetMetadata:
            answer.resultSetMetadata = _metadata(operation)
        return answer

    # -- metadata
    # ------------------------------------------------------------------------------------------------

    def GetCatalogs(self, req: ttypes.TGetCatalogsReq) -> ttypes.TGetCatalogsResp:
        def rows(_: Session) -> Result:
            return results.of_rows(
                [("TABLE_CAT", "string")], [(name,) for name in self._engine.catalog.catalogs()]
            )

        return self._listed(req, rows, ttypes.TGetCatalogsResp)

    def GetSchemas(self, req: ttypes.TGetSchemasReq) -> ttypes.TGetSchemasResp:
        def rows(session: Session) -> Result:
            catalog = self._engine.catalog
            found = [
                (schema, of)
                for of in _catalogs(session, req.catalogName)
                for schema in catalog.schemas(of)
                if _like(schema, req.schemaName)
            ]
            return results.of_rows([("TABLE_SCHEM", "string"), ("TABLE_CATALOG", "string")], found)

        return self._listed(req, rows, ttypes.TGetSchemasResp)

    def GetTables(self, req: ttypes.TGetTablesReq) -> ttypes.TGetTablesResp:
        def rows(session: Session) -> Result:
            wanted = {kind.upper() for kind in req.tableTypes or []}
            found = []
            for of in _catalogs(session, req.catalogName):
                for relation in self._engine.catalog.relations(of):
                    kind = "VIEW" if relation.is_view else "TABLE"
                    if not (_like(relation.schema, req.schemaName) and _like(relation.name, req.tableName)):
                        continue
                    if wanted and kind not in wanted:
                        continue
                    found.append(
                        (of, relation.schema, relation.name, kind, relation.comment or "", *[None] * 5)
                    )
            return results.of_rows([(name, "string") for name in _TABLE_COLUMNS], found)

        return self._listed(req, rows, ttypes.TGetTablesResp)

    def GetColumns(self, req: ttypes.TGetColumnsReq) -> ttypes.TGetColumnsResp:
        def rows(session: Session) -> Result:
            found: list[tuple[Any, ...]] = []
            for of in _catalogs(session, req.catalogName):
                for relation in self._engine.catalog.relations(of):
                    if not (_like(relation.schema, req.schemaName) and _like(relation.name, req.tableName)):
                        continue
                    for at, field in enumerate(self._engine.catalog.columns(relation.key)):
                        if _like(field["name"].lower(), req.columnName):
                            found.append(_jdbc_column(relation.key, at, field))
            return results.of_rows(_COLUMN_COLUMNS, found)

        return self._listed(req, rows, ttypes.TGetColumnsResp)

    def GetTableTypes(self, req: ttypes.TGetTableTypesReq) -> ttypes.TGetTableTypesResp:
        def rows(_: Session) -> Result:
            return results.of_rows([("TABLE_TYPE", "string")], [("TABLE",), ("VIEW",)])

        return self._listed(req, rows, ttypes.TGetTableTypesResp)

    def _listed(self, req: Any, rows: Callable[[Session], Result], response: Any) -> Any:
        session = self._engine.session(req.sessionHandle.sessionId.guid)
        if session is None:
            return response(status=_failed(_no_session()))
        return self._begun(session.start_call(lambda: rows(session)), req.getDirectResults, response)


_TABLE_COLUMNS = (
    "TABLE_CAT",
    "TABLE_SCHEM",
    "TABLE_NAME",
    "TABLE_TYPE",
    "REMARKS",
    "TYPE_CAT",
    "TYPE_SCHEM",
    "TYPE_NAME",
    "SELF_REFERENCING_COL_NAME",
    "REF_GENERATION",
)
_COLUMN_COLUMNS = [
    ("TABLE_CAT", "string"),
    ("TABLE_SCHEM", "string"),
    ("TABLE_NAME", "string"),
    ("COLUMN_NAME", "string"),
    ("DATA_TYPE", "integer"),
    ("TYPE_NAME", "string"),
    ("COLUMN_SIZE", "integer"),
    ("DECIMAL_DIGITS", "integer"),
    ("NULLABLE", "integer"),
    ("REMARKS", "string"),
    ("COLUMN_DEF", "string"),
    ("ORDINAL_POSITION", "integer"),
    ("IS_NULLABLE", "string"),
]
_JDBC_TYPES = {
    "BOOLEAN": 16,
    "TINYINT": -6,
    "SMALLINT": 5,
    "INT": 4,
    "BIGINT": -5,
    "FLOAT": 6,
    "DOUBLE": 8,
    "DECIMAL": 3,
    "STRING": 12,
    "DATE": 91,
    "TIMESTAMP": 93,
    "BINARY": -2,
    "ARRAY": 2003,
    "STRUCT": 2002,
}


def _jdbc_column(name: tuple[str, str, str], at: int, field: dict[str, Any]) -> tuple[Any, ...]:
    text = sql_type(field_type(field)).upper()
    base = re.split(r"[<(]", text)[0]
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", text)
    return (
        *name,
        field["name"],
        _JDBC_TYPES.get(base, 1111),
        text,
        int(decimal.group(1)) if decimal else None,
        int(decimal.group(2)) if decimal else None,
        1 if field["nullable"] else 0,
        field.get("metadata", {}).get("comment", ""),
        field.get("metadata", {}).get("CURRENT_DEFAULT"),
        at,
        "YES" if field["nullable"] else "NO",
    )


def _catalogs(session: Session, pattern: str | None) -> list[str]:
    if pattern == "":
        return [session.catalog]
    return [name for name in session.engine.catalog.catalogs() if _like(name, pattern)]


def _like(name: str, pattern: str | None) -> bool:
    """JDBC's patterns: `%` any characters, `_` one; none, empty and `*` fit everything."""
    if not pattern or pattern in ("%", "*"):
        return True
    text = "".join(
        ".*" if found in ("%", "*") else "." if found == "_" else re.escape(found.removeprefix("\\"))
        for found in re.findall(r"\\.|.", pattern)
    )
    return re.fullmatch(text, name, re.IGNORECASE) is not None


def _no_session() -> WarehouseError:
    return WarehouseError(
        "INVALID_HANDLE.SESSION_NOT_FOUND",
        "The session does not exist: it was closed, or the server restarted.",
        "HY000",
    )


def _no_result(operation: Operation | None) -> WarehouseError:
    if operation is not None and operation.error is not None:
        return operation.error
    return WarehouseError(
        "INVALID_HANDLE.OPERATION_NOT_FOUND", "The statement was closed or is not known.", "HY000"
    )


def _status(operation: Operation) -> ttypes.TGetOperationStatusResp:
    answer = ttypes.TGetOperationStatusResp(
        status=_ok(), operationState=_STATES[operation.state], hasResultSet=True, taskStatus=None
    )
    error = operation.error
    if error is not None:
        answer.operationState = (
            ttypes.TOperationState.ERROR_STATE
            if operation.state is State.FAILED or error.error_class != "OPERATION_CANCELED"
            else ttypes.TOperationState.CANCELED_STATE
        )
        answer.sqlState = error.sql_state
        answer.errorMessage = error.message
        answer.displayMessage = error.message
        answer.diagnosticInfo = error.details or error.message
    elif operation.state is State.FINISHED and operation.result is not None:
        answer.numModifiedRows = operation.result.modified_rows
    return answer


def _metadata(operation: Operation) -> ttypes.TGetResultSetMetadataResp:
    result = _result(operation)
    columns = [
        ttypes.TColumnDesc(columnName=name, typeDesc=thrift_type(kind), position=at + 1, comment="")
        for at, (name, kind) in enumerate(zip(result.schema.names, result.spark_types, strict=True))
    ]
    return ttypes.TGetResultSetMetadataResp(
        status=_ok(),
        schema=ttypes.TTableSchema(columns=columns),
        resultFormat=ttypes.TSparkRowSetType.ARROW_BASED_SET,
        lz4Compressed=operation.is_compressed,
        arrowSchema=result.schema.serialize().to_pybytes(),
        isStagingOperation=False,
    )


def _fetch(operation: Operation, max_rows: int | None, max_bytes: int | None) -> ttypes.TFetchResultsResp:
    result = _result(operation)
    start = result.rows_given
    batches, more = result.next(
        min(max_rows or FETCH_ROWS, FETCH_ROWS), min(max_bytes or FETCH_BYTES, FETCH_BYTES)
    )
    arrow = [
        ttypes.TSparkArrowBatch(batch=_packed(batch, operation.is_compressed), rowCount=batch.num_rows)
        for batch in batches
    ]
    rows = ttypes.TRowSet(startRowOffset=start, rows=[], arrowBatches=arrow)
    return ttypes.TFetchResultsResp(status=_ok(), hasMoreRows=more, results=rows)


def _packed(batch: pa.RecordBatch, is_compressed: bool) -> bytes:
    """Serialize a batch. Compressing costs less than what the connector does with each byte it gets."""
    content = batch.serialize()
    packed: bytes = pa.compress(content, codec="lz4", asbytes=True) if is_compressed else content.to_pybytes()
    return packed


def _result(operation: Operation) -> Result:
    assert operation.result is not None
    return operation.result
