"""Writes Spark's JSON form of a type as SQL, as the JSON of DESCRIBE, and as a Thrift type."""

from __future__ import annotations

import re
from typing import Any

from databricks.sql.thrift_api.TCLIService import ttypes

_SQL = {
    "integer": "int",
    "long": "bigint",
    "short": "smallint",
    "byte": "tinyint",
}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(-?\d+)\)")

_THRIFT = {
    "boolean": ttypes.TTypeId.BOOLEAN_TYPE,
    "byte": ttypes.TTypeId.TINYINT_TYPE,
    "short": ttypes.TTypeId.SMALLINT_TYPE,
    "integer": ttypes.TTypeId.INT_TYPE,
    "long": ttypes.TTypeId.BIGINT_TYPE,
    "float": ttypes.TTypeId.FLOAT_TYPE,
    "double": ttypes.TTypeId.DOUBLE_TYPE,
    "string": ttypes.TTypeId.STRING_TYPE,
    "date": ttypes.TTypeId.DATE_TYPE,
    "timestamp": ttypes.TTypeId.TIMESTAMP_TYPE,
    "timestamp_ntz": ttypes.TTypeId.TIMESTAMP_TYPE,
    "binary": ttypes.TTypeId.BINARY_TYPE,
    "void": ttypes.TTypeId.NULL_TYPE,
    "array": ttypes.TTypeId.ARRAY_TYPE,
    "map": ttypes.TTypeId.MAP_TYPE,
    "struct": ttypes.TTypeId.STRUCT_TYPE,
}


def sql_type(of: Any) -> str:
    """Write a type as SQL, in lower case.

    Args:
        of: Spark's JSON: a name, or an object for a nested type.

    Returns:
        For instance `map<string,decimal(38,18)>`.
    """
    if isinstance(of, str):
        return _SQL.get(of, of.replace(" ", "")) if not of.startswith("interval") else of
    if of["type"] == "array":
        return f"array<{sql_type(of['elementType'])}>"
    if of["type"] == "map":
        return f"map<{sql_type(of['keyType'])},{sql_type(of['valueType'])}>"
    if of["type"] == "struct":
        return (
            "struct<"
            + ",".join(f"{_field_name(f['name'])}:{sql_type(f['type'])}" for f in of["fields"])
            + ">"
        )
    return str(of.get("type", "unknown"))


def field_type(field: dict[str, Any]) -> Any:
    """The type of a column, where Spark hides CHAR and VARCHAR behind STRING."""
    hidden = field.get("metadata", {}).get("__CHAR_VARCHAR_TYPE_STRING")
    return hidden if hidden else field["type"]


def _field_name(name: str) -> str:
    return name if re.fullmatch(r"\w+", name) else "`" + name.replace("`", "``") + "`"


def describe_type(of: Any) -> dict[str, Any]:
    """Write a type as DESCRIBE TABLE ... AS JSON does.

    Args:
        of: Spark's JSON.

    Returns:
        An object with `name` and what belongs to it.
    """
    if isinstance(of, str):
        decimal = _DECIMAL.fullmatch(of)
        if decimal:
            return {"name": "decimal", "precision": int(decimal.group(1)), "scale": int(decimal.group(2))}
        length = re.fullmatch(r"(char|varchar)\((\d+)\)", of)
        if length:
            return {"name": length.group(1), "length": int(length.group(2))}
        if of == "string":
            return {"name": "string", "collation": "UTF8_BINARY"}
        return {"name": "timestamp_ltz" if of == "timestamp" else sql_type(of)}
    if of["type"] == "array":
        return {
            "name": "array",
            "element_type": describe_type(of["elementType"]),
            "element_nullable": of["containsNull"],
        }
    if of["type"] == "map":
        return {
            "name": "map",
            "key_type": describe_type(of["keyType"]),
            "value_type": describe_type(of["valueType"]),
            "value_nullable": of["valueContainsNull"],
        }
    if of["type"] == "struct":
        return {
            "name": "struct",
            "fields": [
                {"name": f["name"], "type": describe_type(f["type"]), "nullable": f["nullable"]}
                for f in of["fields"]
            ],
        }
    return {"name": sql_type(of)}


def thrift_type(of: Any) -> ttypes.TTypeDesc:
    """Describe a column's type to a Thrift client.

    Args:
        of: Spark's JSON.

    Returns:
        The description; decimals carry precision and scale.
    """
    name = of if isinstance(of, str) else of.get("type", "string")
    decimal = _DECIMAL.fullmatch(name)
    if decimal:
        qualifiers = ttypes.TTypeQualifiers(
            qualifiers={
                "precision": ttypes.TTypeQualifierValue(i32Value=int(decimal.group(1))),
                "scale": ttypes.TTypeQualifierValue(i32Value=int(decimal.group(2))),
            }
        )
        entry = ttypes.TPrimitiveTypeEntry(type=ttypes.TTypeId.DECIMAL_TYPE, typeQualifiers=qualifiers)
    else:
        entry = ttypes.TPrimitiveTypeEntry(type=_THRIFT.get(name, ttypes.TTypeId.STRING_TYPE))
    return ttypes.TTypeDesc(types=[ttypes.TTypeEntry(primitiveEntry=entry)])
