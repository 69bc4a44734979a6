import pytest

from oracle.runtime_rules import RUNTIME_COLUMNS, runtime_columns


@pytest.mark.parametrize(
    ("dbr_version", "columns"),
    [
        ("15.4.x-scala2.12", (15, 4, False, False, False)),
        ("14.3.x-photon-scala2.12", (14, 3, True, False, False)),
        ("13.3.x-cpu-ml-scala2.12", (13, 3, False, True, False)),
        ("7.3.x-LTS-scala2.12", (7, 3, False, False, True)),
        ("dlt:15.4.2-delta-pipelines", (15, 4, False, False, False)),
        ("apache-spark-3.5", (None, None, False, False, False)),
        (None, (None, None, None, None, None)),
    ],
)
def test_what_the_name_of_a_runtime_says(dbr_version: str | None, columns: tuple[object, ...]) -> None:
    assert runtime_columns(dbr_version) == dict(zip(RUNTIME_COLUMNS, columns, strict=True))
