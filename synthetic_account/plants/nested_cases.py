"""Records and versions that fill every nested field, so that none is lost on the way through the layers."""

from __future__ import annotations

import json

from synthetic_account.deliveries import CLUSTERS, JOBS, USAGE
from synthetic_account.parts import Parts
from synthetic_account.plants.cases import Case, Facts, Planted
from synthetic_account.plants.records import RecordWriter, Subject
from synthetic_account.window import date_text, time_text

_METADATA = (
    "cluster_id",
    "job_id",
    "warehouse_id",
    "instance_pool_id",
    "node_type",
    "job_run_id",
    "notebook_id",
    "dlt_pipeline_id",
    "endpoint_name",
    "endpoint_id",
    "dlt_update_id",
    "dlt_maintenance_id",
    "run_name",
    "job_name",
    "notebook_path",
    "central_clean_room_id",
    "source_region",
    "destination_region",
    "app_id",
    "app_name",
    "metastore_id",
    "private_endpoint_name",
    "storage_api_type",
    "budget_policy_id",
    "ai_runtime_pool_id",
    "ai_runtime_workload_id",
    "uc_table_catalog",
    "uc_table_schema",
    "uc_table_name",
    "database_instance_id",
    "sharing_materialization_id",
    "schema_id",
    "usage_policy_id",
    "base_environment_id",
    "agent_bricks_id",
    "index_id",
    "catalog_id",
    "project_id",
    "branch_id",
    "table_id",
    "supervisor_agent_id",
    "networking_client",
    "associated_product",
    "recipient_id",
    "interactive_source",
    "snapshot_id",
    "data_source",
    "operation",
    "serverless_compute_id",
    "entity_full_name",
    "failover_group_name",
)
_FEATURES: Facts = {
    "jobs_tier": "CLASSIC",
    "sql_tier": "PRO",
    "dlt_tier": "ADVANCED",
    "is_serverless": True,
    "is_photon": True,
    "serving_type": "MODEL",
    "networking": {"connectivity_type": "PRIVATE"},
    "ai_runtime": {"compute_type": "GPU"},
    "model_serving": {"offering_type": "PAY_PER_TOKEN"},
    "ai_gateway": {"feature_type": "INFERENCE_TABLE"},
    "serverless_gpu": {"workload_type": "TRAINING"},
    "agent_bricks": {"problem_type": "EXTRACTION", "workload_type": "SERVING"},
    "performance_target": "PERFORMANCE_OPTIMIZED",
    "ai_functions": {"ai_function": "AI_QUERY"},
    "apps": {"compute_size": "LARGE"},
    "lakeflow_connect": {"task_type": "INGESTION", "zerobus_request_type": "WRITE"},
    "lakebase": {"storage_type": "STANDARD", "compute_type": "PROVISIONED"},
    "ai_bi_genie": {"capability_type": "CHAT", "offering_type": "PAID"},
    "genie": {"offering_type": "PAID"},
}


def _usage(parts: Parts) -> Planted:
    writer = RecordWriter(parts, "usage_with_every_nested_field")
    metadata: Facts = {name: f"value of {name}" for name in _METADATA}
    metadata["ai_gateway"] = {
        name: f"value of {name}"
        for name in ("endpoint_name", "endpoint_id", "destination_id", "destination_model")
    }
    metadata["genie"] = {name: f"value of {name}" for name in ("surface", "channel", "agent_id")}
    identity: Facts = {
        name: f"{name}@shared.example" for name in ("run_as", "created_by", "owned_by", "run_by")
    }
    plan = parts.book.plan("ENTERPRISE_JOBS_COMPUTE", "AWS")
    workspace_id = parts.workspace("prod-us").workspace_id
    subject = Subject(plan, workspace_id, "JOBS", {"any": "tag"}, metadata, identity, _FEATURES)
    record = writer.write(subject, parts.window.at(0, 13), "0.125", 0)
    return Planted(
        USAGE,
        [record.key],
        "every field of the three structs keeps its value",
        {"usage_metadata": metadata, "identity_metadata": identity, "product_features": _FEATURES},
    )


def _job(parts: Parts) -> Planted:
    stream = parts.root.part("plant", "job_with_every_nested_field")
    workspace_id, job_id = parts.workspace("prod-us").workspace_id, stream.digits(15)
    changed = parts.window.at(-10, 9)
    timing: Facts = {"min_time_between_triggers_seconds": 60, "wait_after_last_change_seconds": 30}
    nested: Facts = {
        "trigger": {
            "file_arrival": {"url": "/Volumes/main/landing/in", **timing},
            "periodic": {"interval": 2, "units": "HOURS"},
            "continuous": {"enabled": True},
            "table_update": {"table_names": ["main.a.b", "main.a.c"], "condition": "ANY_UPDATED", **timing},
            "schedule": {"quartz_cron_expression": "0 0 1 * * ?", "timezone_id": "Europe/Berlin"},
        },
        "health_rules": [{"metric": "RUN_DURATION_SECONDS", "operator": "GREATER_THAN", "value": 3600}],
        "deployment": {"kind": "BUNDLE", "metadata_file_path": "/Workspace/planted/state.json"},
    }
    row: Facts = {
        "account_id": parts.account_id,
        "workspace_id": workspace_id,
        "job_id": job_id,
        "name": "planted job with every nested field",
        "tags": {"any": "tag"},
        "change_time": time_text(changed),
        "create_time": time_text(changed),
        "trigger_type": "FILE_ARRIVAL",
        **nested,
    }
    _deliver(parts, JOBS, row)
    key: dict[str, str | None] = {
        "workspace_id": workspace_id,
        "job_id": job_id,
        "change_time": time_text(changed),
    }
    return Planted(JOBS, [key], "every field of trigger, health_rules and deployment keeps its value", nested)


def _clusters(parts: Parts) -> Planted:
    stream = parts.root.part("plant", "clusters_with_every_nested_field")
    changed = parts.window.at(-10, 10)
    attributes: Facts = {
        "aws_attributes": {
            "first_on_demand": 1,
            "availability": "SPOT",
            "zone_id": "us-east-1a",
            "instance_profile_arn": "arn:aws:iam::000000000000:instance-profile/planted",
            "spot_bid_price_percent": 80,
            "ebs_volume_type": "GENERAL_PURPOSE_SSD",
            "ebs_volume_count": 2,
            "ebs_volume_size": 100,
            "ebs_volume_iops": 3000,
            "ebs_volume_throughput": 125,
        },
        "azure_attributes": {"first_on_demand": 1, "availability": "SPOT_AZURE", "spot_bid_max_price": 0.25},
        "gcp_attributes": {
            "use_preemptible_executors": True,
            "google_service_account": "planted@shared.example",
            "boot_disk_size": 100,
            "availability": "PREEMPTIBLE_GCP",
            "zone_id": "us-east4-a",
            "local_ssd_count": 1,
        },
    }
    workspace_id = parts.workspace("prod-us").workspace_id
    cluster_id = f"{stream.digits(4)}-{stream.digits(6)}-{stream.word(8)}"
    row: Facts = {
        "account_id": parts.account_id,
        "workspace_id": workspace_id,
        "cluster_id": cluster_id,
        "cluster_name": "planted cluster with every nested field",
        "cluster_source": "API",
        "tags": {"any": "tag"},
        "init_scripts": ["/Volumes/main/one.sh", "/Volumes/main/two.sh"],
        "dbr_version": "17.3.x-scala2.13",
        "change_time": time_text(changed),
        "change_date": date_text(changed),
        "create_time": time_text(changed),
        **attributes,
    }
    _deliver(parts, CLUSTERS, row)
    key: dict[str, str | None] = {
        "workspace_id": workspace_id,
        "cluster_id": cluster_id,
        "change_time": time_text(changed),
    }
    return Planted(CLUSTERS, [key], "every field of the three cloud structs keeps its value", attributes)


def _deliver(parts: Parts, table: str, row: Facts) -> None:
    day = parts.deliveries.arrival(table, 0)
    if day is not None:
        parts.deliveries.add(table, day, json.dumps(row, ensure_ascii=False) + "\n")


CASES = (
    Case("usage_with_every_nested_field", _usage, days=1),
    Case("job_with_every_nested_field", _job, days=1),
    Case("cluster_with_every_nested_field", _clusters, days=1),
)
