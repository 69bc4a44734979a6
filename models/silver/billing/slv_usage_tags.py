"""One row per billing record of slv_usage: its tags, inherited per key from the nearest level that has one.

Everything that reads a tag's spelling is done per distinct subject (workspace, cluster, job, pipeline and
custom tags), of which there are far fewer than billing records; a record then takes over what its subject
had at its time. The functions take and give DataFrames and need nothing but Spark: a notebook cannot import
a module of the project, so they are here.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812

RECORD = ("record_id", "record_type")
#: What a record's tags depend on besides its time; `carried` is its custom_tags, in a form that compares.
SUBJECT = ("subject_hash", "workspace_id", "cluster_id", "job_id", "pipeline_id", "carried")
#: Nearest first.
LEVELS = ("usage", "cluster", "job", "pipeline", "workspace")
#: What each level says, as it is written there: entries of a map.
SAID = tuple(f"{level}_said" for level in LEVELS)

#: White space as Unicode has it.
BLANKS = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def model(dbt: Any, spark: SparkSession) -> DataFrame:
    """Resolve the tags of the usage that the plan names.

    Args:
        dbt: What dbt hands to a Python model. `dbt.ref` gives tables as they stood when the model was
            compiled, and `dbt.config.get("plan")` says what to read of them; see py_script_comment.
        spark: The session.

    Returns:
        Columns as in `_billing__models.yml`. A NULL row_hash deletes the record.
    """
    dbt.config(
        materialized="incremental",
        incremental_strategy="merge_changes",
        unique_key=["record_id", "record_type"],
        partition_by=["date_key"],
        submission_method="serverless_cluster",
        meta={"plan": "plan_usage_tags"},
    )
    plan = dbt.config.get("plan")

    usage = dbt.ref("slv_usage")
    affected = None
    if plan["affected"] is not None:
        affected = spark.sql(plan["affected"])
        usage = usage.where(plan["on_days"]).join(affected, list(RECORD), "left_semi")
    resolved = resolve_tags(
        usage,
        clusters=dbt.ref("slv_clusters"),
        jobs=dbt.ref("slv_jobs"),
        pipelines=dbt.ref("slv_pipelines"),
        workspace_default_tags=dbt.ref("workspace_default_tags"),
        tag_taxonomy=dbt.ref("tag_taxonomy"),
        tag_key_aliases=dbt.ref("tag_key_aliases"),
        tag_value_aliases=dbt.ref("tag_value_aliases"),
    )
    if affected is None:
        return resolved
    departed = affected.join(usage, list(RECORD), "left_anti")
    return resolved.unionByName(departed, allowMissingColumns=True)


def resolve_tags(
    usage: DataFrame,
    *,
    clusters: DataFrame,
    jobs: DataFrame,
    pipelines: DataFrame,
    workspace_default_tags: DataFrame,
    tag_taxonomy: DataFrame,
    tag_key_aliases: DataFrame,
    tag_value_aliases: DataFrame,
) -> DataFrame:
    """Give each billing record the tags of its levels as of its usage_start_time.

    A key's value comes from the nearest level that has one: the record itself, its cluster, its job, its
    pipeline, its workspace's defaults. A level's tags are those of the version that begins last at or before
    usage_start_time, else of the first version.

    Args:
        usage: record_id, record_type, date_key, usage_start_time, custom_tags, workspace_id, cluster_id,
            job_id, pipeline_id.
        clusters: Versions: workspace_id, cluster_id, valid_from, tags.
        jobs: Versions: workspace_id, job_id, valid_from, tags.
        pipelines: Versions: workspace_id, pipeline_id, valid_from, tags.
        workspace_default_tags: workspace_id, tag_key, tag_value.
        tag_taxonomy: tag_key, the canonical keys.
        tag_key_aliases: alias, tag_key.
        tag_value_aliases: tag_key, alias, tag_value.

    Returns:
        One row a record: record_id, record_type, date_key, tags (key -> value), tag_sources (key -> level),
        tag_conflicts (what farther levels say otherwise, by key and then from near to far), row_hash.
    """
    records = with_subject(usage)
    subjects = records.select(*SUBJECT).distinct().withColumn("usage_said", F.col("carried"))
    for level, versions in (("cluster", clusters), ("job", jobs), ("pipeline", pipelines)):
        subjects = with_level(subjects, level, versions)
    subjects = subjects.join(default_tags(workspace_default_tags), "workspace_id", "left")
    subjects = subjects.select(
        *SUBJECT,
        F.coalesce(F.greatest(*(f"{level}_from" for level in LEVELS[1:4])), beginning()).alias("holds_from"),
        F.coalesce(F.least(*(f"{level}_to" for level in LEVELS[1:4])), end()).alias("holds_to"),
        *SAID,
        F.xxhash64(*SAID).alias("said_hash"),
    ).where("holds_from < holds_to")

    # Most subjects were told the same by their levels: a job's runs have a cluster each, tagged alike.
    said = ("said_hash", *SAID)
    resolved = subjects.select(*said).distinct()
    spelling = spellings(tag_taxonomy, tag_key_aliases, tag_value_aliases)
    for level in LEVELS:
        resolved = with_canonical_tags(resolved, level, spelling)
    resolved = with_nearest_tags(resolved).select(
        *said, "tags", "tag_sources", "tag_conflicts", content_of_tags().alias("content")
    )
    subjects = subjects.alias("a").join(resolved.alias("b"), same("a", "b", said))
    subjects = subjects.select(
        *(f"a.{column}" for column in (*SUBJECT, "holds_from", "holds_to")),
        *(f"b.{column}" for column in ("tags", "tag_sources", "tag_conflicts", "content")),
    )
    return (
        records.alias("a")
        .join(
            subjects.alias("b").hint("shuffle_hash"),
            # Subjects are the smaller side by far: no need to sort the records for them.
            same("a", "b", SUBJECT)
            & (F.col("a.usage_start_time") >= F.col("b.holds_from"))
            & (F.col("a.usage_start_time") < F.col("b.holds_to")),
        )
        .select(
            *RECORD,
            "date_key",
            "tags",
            "tag_sources",
            "tag_conflicts",
            F.sha2(F.concat_ws("|", "date_key", "content"), 256).alias("row_hash"),
        )
    )


def with_subject(usage: DataFrame) -> DataFrame:
    """Name what a record's tags depend on, besides its time, in columns that can be compared."""
    carried = F.coalesce(F.map_entries("custom_tags"), F.map_entries(no_tags()))
    frame = usage.select(*RECORD, "date_key", "usage_start_time", *SUBJECT[1:-1], carried.alias("carried"))
    return frame.withColumn("subject_hash", F.xxhash64(*SUBJECT[1:]))


def same(left: str, right: str, columns: tuple[str, ...]) -> Column:
    """Compare columns of two aliases: the first, a hash, decides fast; the others make it exact."""
    condition = F.col(f"{left}.{columns[0]}") == F.col(f"{right}.{columns[0]}")
    for column in columns[1:]:
        condition &= F.col(f"{left}.{column}").eqNullSafe(F.col(f"{right}.{column}"))
    return condition


def spellings(tag_taxonomy: DataFrame, tag_key_aliases: DataFrame, tag_value_aliases: DataFrame) -> DataFrame:
    """Turn the seeds into one row to look spellings up in.

    Args:
        tag_taxonomy: tag_key.
        tag_key_aliases: alias, tag_key. A canonical key of the same letters goes before an alias.
        tag_value_aliases: tag_key, alias, tag_value.

    Returns:
        One row: key_spellings (letters and digits of a key -> canonical key) and value_spellings (canonical
        key -> value in lower case -> value).
    """
    keys = (
        tag_taxonomy.select(F.col("tag_key").alias("alias"), "tag_key", F.lit(0).alias("rank"))
        .unionByName(tag_key_aliases.select("alias", "tag_key", F.lit(1).alias("rank")))
        .groupBy(letters_of(snake_case(F.col("alias"))).alias("spelling"))
        .agg(F.min(F.struct("rank", "tag_key")).alias("first"))
        .agg(
            F.map_from_entries(F.collect_list(F.struct("spelling", "first.tag_key"))).alias("key_spellings"),
        )
    )
    values = (
        tag_value_aliases.groupBy("tag_key", F.lower(stripped(F.col("alias"))).alias("spelling"))
        .agg(F.min("tag_value").alias("tag_value"))
        .groupBy("tag_key")
        .agg(F.map_from_entries(F.collect_list(F.struct("spelling", "tag_value"))).alias("of_key"))
        .agg(F.map_from_entries(F.collect_list(F.struct("tag_key", "of_key"))).alias("value_spellings"))
    )
    return keys.crossJoin(values)


def default_tags(workspace_default_tags: DataFrame) -> DataFrame:
    """Gather the default tags of each workspace into entries: workspace_id, workspace_said."""
    return (
        workspace_default_tags.groupBy("workspace_id", F.col("tag_key").alias("key"))
        .agg(F.min("tag_value").alias("value"))
        .groupBy("workspace_id")
        .agg(F.array_sort(F.collect_list(F.struct("key", "value"))).alias("workspace_said"))
    )


def with_canonical_tags(frame: DataFrame, level: str, spelling: DataFrame) -> DataFrame:
    """Bring what a level says into canonical keys and values.

    NULL, empty and blank values are missing. Of several spellings of one key the canonical one wins, else the
    first in alphabetical order. A value changes only where the value seed knows it, whatever its case and the
    blanks around it.

    Args:
        frame: {level}_said, entries of a map of strings or NULL, among others.
        level: One of LEVELS.
        spelling: What `spellings` gives.

    Returns:
        The frame with {level}_tags, a map.
    """
    columns = frame.columns
    frame = frame.crossJoin(F.broadcast(spelling))

    def canonical(key: Column) -> Column:
        folded = snake_case(key)
        return F.coalesce(F.try_element_at("key_spellings", letters_of(folded)), folded)

    def known_value(entry: Column) -> Column:
        of_key = F.try_element_at("value_spellings", entry["key"])
        known = F.try_element_at(of_key, F.lower(stripped(entry["value"])))
        return F.when(of_key.isNull(), entry["value"]).otherwise(F.coalesce(known, entry["value"]))

    entries = F.filter(f"{level}_said", lambda entry: ~is_missing(entry["value"]))
    entries = F.transform(
        entries,
        lambda entry: F.struct(
            canonical(entry["key"]).alias("key"), entry["key"].alias("raw"), entry["value"].alias("value")
        ),
    )
    entries = F.transform(
        entries,
        lambda entry: F.struct(
            entry["key"].alias("key"),
            (entry["key"] != entry["raw"]).alias("is_other_spelling"),
            entry["raw"].alias("raw"),
            entry["value"].alias("value"),
        ),
    )
    # A column of its own: looked at twice below, it would be worked out once an entry.
    frame = frame.withColumn("entries", F.array_sort(entries))
    first_of_key = F.filter(
        "entries",
        lambda entry, at: (at == 0) | (entry["key"] != F.col("entries")[F.greatest(at - 1, F.lit(0))]["key"]),
    )
    tags = F.transform(first_of_key, lambda entry: F.struct(entry["key"], known_value(entry)))
    return frame.select(*columns, F.coalesce(F.map_from_entries(tags), no_tags()).alias(f"{level}_tags"))


def with_level(subjects: DataFrame, level: str, versions: DataFrame) -> DataFrame:
    """Join subjects to every version of what they name at one level.

    Args:
        subjects: workspace_id and the level's id column, among others.
        level: cluster, job or pipeline.
        versions: workspace_id, the id column, valid_from, tags.

    Returns:
        The subjects, once for each version, with {level}_said, and {level}_from and {level}_to: the time,
        half open, in which that version is the one to take. Together these cover all time. All three are
        NULL where there is no version.
    """
    key = ("workspace_id", f"{level}_id")
    in_order = Window.partitionBy(*key).orderBy("valid_from")
    periods = versions.select(
        *key,
        F.when(F.row_number().over(in_order) == 1, beginning())
        .otherwise(F.col("valid_from"))
        .alias(f"{level}_from"),
        F.coalesce(F.lead("valid_from").over(in_order), end()).alias(f"{level}_to"),
        F.map_entries("tags").alias(f"{level}_said"),
    )
    # What is listed for no workspace belongs to usage of none.
    of_its_own = F.col("a.workspace_id").eqNullSafe(F.col("b.workspace_id"))
    return (
        subjects.alias("a")
        .join(periods.alias("b"), of_its_own & (F.col(f"a.{key[1]}") == F.col(f"b.{key[1]}")), "left")
        .select("a.*", f"b.{level}_from", f"b.{level}_to", f"b.{level}_said")
    )


def with_nearest_tags(frame: DataFrame) -> DataFrame:
    """Choose for each key the value of the nearest level.

    Args:
        frame: A map column {level}_tags for each level, in canonical form.

    Returns:
        The frame with tags, tag_sources and tag_conflicts.
    """
    maps = {level: F.col(f"{level}_tags") for level in LEVELS}
    keys = F.array_sort(F.array_distinct(F.concat(*(F.map_keys(tags) for tags in maps.values()))))

    def said_of(key: Column) -> Column:
        levels = F.array(
            *(
                F.struct(F.lit(level).alias("level"), F.try_element_at(tags, key).alias("value"))
                for level, tags in maps.items()
            )
        )
        return F.struct(
            key.alias("key"), F.filter(levels, lambda said: said["value"].isNotNull()).alias("said")
        )

    def otherwise(entry: Column) -> Column:
        others = F.filter(entry["said"], lambda said: said["value"] != entry["said"][0]["value"])
        return F.transform(
            others,
            lambda said: F.struct(
                entry["key"].alias("key"), said["level"].alias("level"), said["value"].alias("value")
            ),
        )

    return frame.withColumn("by_key", F.transform(keys, said_of)).withColumns(
        {
            "tags": F.map_from_entries(
                F.transform("by_key", lambda entry: F.struct(entry["key"], entry["said"][0]["value"]))
            ),
            "tag_sources": F.map_from_entries(
                F.transform("by_key", lambda entry: F.struct(entry["key"], entry["said"][0]["level"]))
            ),
            "tag_conflicts": F.flatten(F.transform("by_key", otherwise)),
        }
    )


def content_of_tags() -> Column:
    """Hash what was resolved; maps are in the order of their keys."""
    return F.sha2(
        F.to_json(
            F.struct(
                F.map_entries("tags").alias("tags"),
                F.map_entries("tag_sources").alias("tag_sources"),
                F.col("tag_conflicts"),
            )
        ),
        256,
    )


def snake_case(key: Column) -> Column:
    """Fold a key: `CostCenter`, `cost-center`, `Cost Center` and `cost.center` are all `cost_center`."""
    words = F.regexp_replace(stripped(key), r"([\p{Ll}\p{Nd}])(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})", "$1$2_")
    return F.lower(F.regexp_replace(words, rf"[{BLANKS}._-]+", "_"))


def letters_of(folded: Column) -> Column:
    """Leave the word breaks out of a folded key, since not every spelling shows them."""
    return F.translate(folded, "_", "")


def stripped(text: Column) -> Column:
    """Leave out blanks at both ends."""
    return F.btrim(text, F.lit(BLANKS))


def is_missing(value: Column) -> Column:
    """Tell whether a value is NULL, empty or blank."""
    return F.coalesce(stripped(value), F.lit("")) == ""


def no_tags() -> Column:
    """Return an empty map."""
    return F.create_map().cast("map<string,string>")


def beginning() -> Column:
    """Return the time before all others."""
    return F.expr("timestamp'0001-01-01 00:00:00'")


def end() -> Column:
    """Return the time after all others."""
    return F.expr("timestamp'9999-12-31 23:59:59.999999'")
