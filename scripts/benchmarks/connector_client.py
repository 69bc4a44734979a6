"""A client of the warehouse in a process of its own: reads statements, answers once all rows are there.

Standard input has a JSON object a line, `{"sql": ...}`; standard output gets `{"rows": ...}` or
`{"error": ...}` for each. The endpoint comes as the variables the `local` target of the profiles reads.
"""

from __future__ import annotations

import json
import os
import sys

from databricks import sql


def main() -> None:
    """Answer until standard input ends."""
    host, path = os.environ["LOCAL_WAREHOUSE_HOST"], os.environ["LOCAL_WAREHOUSE_HTTP_PATH"]
    with (
        sql.connect(
            server_hostname="127.0.0.1",
            http_path=path,
            access_token=os.environ["LOCAL_WAREHOUSE_TOKEN"],
            catalog=os.environ["BENCH_CATALOG"],
            enable_telemetry=False,
            _connection_uri=f"{host}{path}",
        ) as connection,
        connection.cursor() as cursor,
    ):
        for line in sys.stdin:
            answer: dict[str, object]
            try:
                cursor.execute(json.loads(line)["sql"])
                rows = cursor.fetchall_arrow().num_rows if cursor.description else 0
                answer = {"rows": rows}
            except sql.exc.Error as error:
                answer = {"error": str(error)}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
