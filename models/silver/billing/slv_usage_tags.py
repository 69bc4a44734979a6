"""One row per billing record of slv_usage: its tags, inherited per key from the nearest level that has one.

Records are joined to what each level said at their time, and what the five levels said together is named by
a fingerprint. Everything that reads a tag's spelling is done once for each of these combinations, of which
there are far fewer than billing records. The functions take and give DataFrames and need nothing but Spark: a
notebook cannot import a module of the project, so they are here.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812

RECORD = ("record_id", "record_type")
#: Nearest first.
LEVELS = ("usage", "cluster", "job", "pipeline", "workspace")
#: What each level says, as it is written there, in one text; see `with_said`.
SAID = tuple(f"{level}_said" for level in LEVELS)

#: Stands between keys and values in a text of all of them.
SEPARATOR = "\0"

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
    records = with_said(usage, "usage", F.map_keys("custom_tags"), F.map_values("custom_tags"))
    for level, versions in (("cluster", clusters), ("job", jobs), ("pipeline", pipelines)):
        records = with_level(records, level, versions)
    records = records.join(default_tags(workspace_default_tags), "workspace_id", "left")
    records = records.select(*RECORD, "date_key", *SAID, combination().alias("told")).repartition("told")
    # Both what follows and the join below start from here. Spark leaves out what a use of a shuffle does not
    # need, and makes a shuffle that differs in its columns a second time.
    records = as_it_is(records)

    # Most records were told the same by their levels: a job's runs have a cluster each, tagged alike.
    entries = entries_by_level(records.select("told", *SAID).distinct())
    entries = with_canonical_keys(entries, tag_taxonomy, tag_key_aliases)
    resolved = nearest_tags(with_canonical_values(entries, tag_value_aliases))
    # All usage is written day by day. It is sorted for it while it is narrow: the join keeps the order.
    by_day = records.select(*RECORD, "date_key", "told").sortWithinPartitions("date_key")
    return (
        as_it_is(by_day)
        # Combinations are the smaller side by far: no need to sort the records for them.
        .join(resolved.hint("shuffle_hash"), "told")
        .select(
            *RECORD,
            "date_key",
            "tags",
            "tag_sources",
            "tag_conflicts",
            F.sha2(F.concat_ws("|", "date_key", "content"), 256).alias("row_hash"),
        )
    )


def as_it_is(rows: DataFrame) -> DataFrame:
    """Have all columns and the order of rows made, also where Spark finds that what follows needs less.

    Args:
        rows: Any rows whose columns can be hashed: no maps.

    Returns:
        The same rows. The filter names all columns and lets all rows pass by its first half, and Spark moves
        nothing past a filter that numbers rows.
    """
    return rows.where((F.monotonically_increasing_id() >= 0) | (F.xxhash64(*rows.columns) == 0))


def combination() -> Column:
    """Name what the levels of a record say together, in 128 bits, so that no two combinations share a name.

    An account that tags little has one combination above all others, in which nothing is said. It goes by
    many names, so that not one machine gets all of its records. No other combination does: one that most of
    the usage shares goes through one task.

    Returns:
        Two numbers, never NULL, so that Spark need not look for NULL where it compares them.
    """
    is_silent = F.coalesce(*SAID[:-1]).isNull()
    # Spark's hash passes over NULL, and takes no seed: the second half begins with a word of its own.
    parts = [F.coalesce(said, F.lit("")) for said in SAID]
    parts.append(F.when(is_silent, F.pmod(F.xxhash64(*RECORD), F.lit(64))).otherwise(-1))
    return F.struct(F.xxhash64(*parts).alias("first"), F.xxhash64(F.lit("second"), *parts).alias("second"))


def with_said(rows: DataFrame, level: str, keys: Column, values: Column) -> DataFrame:
    """Write what a level says as one text, which costs much less to hash, compare and shuffle than a map.

    It holds all keys, then all values. NULL becomes empty: both are missing. Where a key or a value has the
    separator in it, the text is JSON, which writes the separator as an escape.

    Args:
        rows: What keys and values are made of.
        level: One of LEVELS.
        keys: An array of texts, none of them NULL.
        values: As many texts.

    Returns:
        The rows with {level}_said, which `entries_of` reads: NULL without a key.
    """
    joined = F.concat(F.array_join(keys, SEPARATOR), F.lit(SEPARATOR), F.array_join(values, SEPARATOR, ""))
    # Columns of their own: Spark would join the texts anew for each time that an expression names them.
    rows = rows.withColumns({"joined": joined, "key_count": F.size(keys)})
    # n keys and n values have 2n - 1 separators between them: the text before one more is all of it.
    before_one_more = F.call_function(
        "substring_index", F.col("joined"), F.lit(SEPARATOR), 2 * F.col("key_count")
    )
    as_json = F.to_json(F.arrays_zip(keys.alias("key"), values.alias("value")))
    said = F.when(before_one_more == F.col("joined"), F.col("joined")).otherwise(as_json)
    return rows.withColumn(f"{level}_said", F.when(F.col("key_count") > 0, said)).drop("joined", "key_count")


def entries_of(said: Column) -> Column:
    """Read what `with_said` has written.

    Args:
        said: The text. It has a separator, if only one, unless it is JSON.

    Returns:
        An array of structs of key and value, in the order of the map; NULL for NULL.
    """
    entries = "array<struct<key string, value string>>"
    parts = F.split(said, SEPARATOR)
    count = (F.size(parts) / 2).cast("int")
    plain = F.arrays_zip(F.slice(parts, 1, count), F.slice(parts, count + 1, count)).cast(entries)
    return F.when(F.contains(said, F.lit(SEPARATOR)), plain).otherwise(F.from_json(said, entries))


def default_tags(workspace_default_tags: DataFrame) -> DataFrame:
    """Gather the default tags of each workspace: workspace_id, workspace_said."""
    of_workspaces = (
        in_one_task(workspace_default_tags)
        .where("tag_key is not null")
        .groupBy("workspace_id", F.col("tag_key").alias("key"))
        .agg(F.min("tag_value").alias("value"))
        .groupBy("workspace_id")
        .agg(F.array_sort(F.collect_list(F.struct("key", "value"))).alias("tags"))
    )
    said = with_said(of_workspaces, "workspace", F.col("tags.key"), F.col("tags.value"))
    return said.select("workspace_id", "workspace_said")


def in_one_task(seed: DataFrame) -> DataFrame:
    """Have a seed grouped where it is read: it has few rows, and each shuffle costs a stage of its own."""
    return seed.coalesce(1)


def with_level(records: DataFrame, level: str, versions: DataFrame) -> DataFrame:
    """Join records to the version of what they name at one level that counts at their time.

    Args:
        records: workspace_id, the level's id column and usage_start_time, among others.
        level: cluster, job or pipeline.
        versions: workspace_id, the id column, valid_from, tags.

    Returns:
        The records, each once, with {level}_said: that of the version that begins last at or before
        usage_start_time, else of the first one; NULL where there is none.
    """
    key = ("workspace_id", f"{level}_id")
    in_order = Window.partitionBy(*key).orderBy("valid_from")
    periods = versions.select(
        *key,
        F.when(F.row_number().over(in_order) > 1, F.col("valid_from")).alias("holds_from"),
        F.lead("valid_from").over(in_order).alias("holds_to"),
        "tags",
    )
    periods = with_said(periods, level, F.map_keys("tags"), F.map_values("tags")).drop("tags")
    at = F.col("a.usage_start_time")
    return (
        records.alias("a")
        .join(
            periods.alias("b"),
            # What is listed for no workspace belongs to usage of none.
            F.col("a.workspace_id").eqNullSafe(F.col("b.workspace_id"))
            & (F.col(f"a.{key[1]}") == F.col(f"b.{key[1]}"))
            & (F.col("b.holds_from").isNull() | (at >= F.col("b.holds_from")))
            & (F.col("b.holds_to").isNull() | (at < F.col("b.holds_to"))),
            "left",
        )
        .select("a.*", f"b.{level}_said")
    )


def entries_by_level(combinations: DataFrame) -> DataFrame:
    """Give each entry of what the levels say a row.

    Args:
        combinations: told, and what each level says.

    Returns:
        told, nearness (0 is the nearest level), level, raw_key and value. A level that says nothing has one
        row of NULLs, so that no combination is lost.
    """
    said = F.array(
        *(
            F.struct(
                F.lit(at).alias("nearness"),
                F.lit(level).alias("level"),
                entries_of(F.col(column)).alias("said"),
            )
            for at, (level, column) in enumerate(zip(LEVELS, SAID, strict=True))
        )
    )
    return (
        combinations.select("told", F.inline(said))
        .select("told", "nearness", "level", F.explode_outer("said").alias("entry"))
        .select("told", "nearness", "level", F.col("entry.key").alias("raw_key"), "entry.value")
    )


def with_canonical_keys(entries: DataFrame, tag_taxonomy: DataFrame, tag_key_aliases: DataFrame) -> DataFrame:
    """Bring keys into their canonical spelling, and leave one value for each key of a level.

    NULL, empty and blank values are missing. Of several spellings of one key the canonical one wins, else the
    first in alphabetical order.

    Args:
        entries: What `entries_by_level` gives.
        tag_taxonomy: tag_key.
        tag_key_aliases: alias, tag_key. A canonical key of the same letters goes before an alias.

    Returns:
        told, nearness, level, key, value; key and value are NULL where a level says nothing.
    """
    canonical = tag_taxonomy.select(F.col("tag_key").alias("alias"), "tag_key", F.lit(0).alias("rank"))
    aliases = tag_key_aliases.select("alias", "tag_key", F.lit(1).alias("rank"))
    spellings = (
        in_one_task(canonical.unionByName(aliases))
        .groupBy(letters_of(snake_case(F.col("alias"))).alias("letters"))
        .agg(F.min(F.struct("rank", "tag_key"))["tag_key"].alias("canonical_key"))
    )
    value = F.when(~is_missing(F.col("value")), F.col("value"))
    folded = F.when(value.isNotNull(), snake_case(F.col("raw_key")))
    return (
        entries.withColumns({"value": value, "folded": folded})
        .withColumn("letters", letters_of(F.col("folded")))
        .join(F.broadcast(spellings), "letters", "left")
        .withColumn("key", F.coalesce("canonical_key", "folded"))
        .groupBy("told", "nearness", "level", "key")
        .agg(F.min(F.struct(F.col("key") != F.col("raw_key"), "raw_key", "value"))["value"].alias("value"))
    )


def with_canonical_values(entries: DataFrame, tag_value_aliases: DataFrame) -> DataFrame:
    """Change a value where the value seed knows it, whatever its case and the blanks around it.

    Args:
        entries: What `with_canonical_keys` gives.
        tag_value_aliases: tag_key, alias, tag_value.

    Returns:
        The same columns.
    """
    spellings = (
        in_one_task(tag_value_aliases)
        .groupBy(F.col("tag_key").alias("key"), F.lower(stripped(F.col("alias"))).alias("folded_value"))
        .agg(F.min("tag_value").alias("canonical_value"))
    )
    return (
        entries.withColumn("folded_value", F.lower(stripped(F.col("value"))))
        .join(F.broadcast(spellings), ["key", "folded_value"], "left")
        .select("told", "nearness", "level", "key", F.coalesce("canonical_value", "value").alias("value"))
    )


def nearest_tags(entries: DataFrame) -> DataFrame:
    """Choose for each key the value of the nearest level.

    Args:
        entries: told, nearness, level, key, value, in canonical form.

    Returns:
        One row for each told: tags, tag_sources, tag_conflicts, and content, a hash of them.
    """
    nearest = F.col("said")[0]
    others = F.filter("said", lambda one: one["value"] != nearest["value"])
    conflicts = F.transform(
        others,
        lambda one: F.struct(F.col("key"), one["level"].alias("level"), one["value"].alias("value")),
    )
    by_key = entries.groupBy("told", "key").agg(
        F.array_sort(F.collect_list(F.struct("nearness", "level", "value"))).alias("said")
    )
    tag = F.struct(
        "key", nearest["value"].alias("value"), nearest["level"].alias("level"), conflicts.alias("conflicts")
    )
    resolved = by_key.groupBy("told").agg(
        F.array_sort(F.collect_list(F.when(F.col("key").isNotNull(), tag))).alias("by_key")
    )
    return resolved.select(
        "told",
        F.map_from_entries(F.transform("by_key", lambda of: F.struct(of["key"], of["value"]))).alias("tags"),
        F.map_from_entries(F.transform("by_key", lambda of: F.struct(of["key"], of["level"]))).alias(
            "tag_sources"
        ),
        F.flatten(F.transform("by_key", lambda of: of["conflicts"])).alias("tag_conflicts"),
    ).withColumn("content", content_of_tags())


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
