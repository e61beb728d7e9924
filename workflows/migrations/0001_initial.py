"""The proxies of viewflow's rows, and the guards and indexes this house puts on viewflow's tables."""

from typing import ClassVar

from django.db import migrations

# `finished IS NULL` rather than a list of statuses: a database sees that a query with it implies the index.
STATEMENTS = {
    # One open task per node, case and token: a double join, loop or deadline cannot commit.
    "workflows_one_open_task": "CREATE UNIQUE INDEX {name} ON viewflow_task (process_id, flow_task, token)"
    " WHERE status IN ('NEW', 'ASSIGNED', 'STARTED', 'SCHEDULED') AND flow_task_type IN ('HUMAN', 'JOIN', 'TIMER')",
    # Covers the work list's counts; SQLite wants `finished` in it although the condition says what it is.
    "workflows_open_by_permission": "CREATE INDEX {name} ON viewflow_task"
    " (owner_permission, owner_permission_content_type_id, owner_permission_obj_pk, id, flow_task, finished)"
    " WHERE finished IS NULL",
    "workflows_open_by_node": "CREATE INDEX {name} ON viewflow_task (flow_task, created) WHERE finished IS NULL",
    "workflows_open_by_process": "CREATE INDEX {name} ON viewflow_task (process_id, status) WHERE finished IS NULL",
    "workflows_due": "CREATE INDEX {name} ON viewflow_task (scheduled)"
    " WHERE finished IS NULL AND scheduled IS NOT NULL",
    "workflows_running": "CREATE INDEX {name} ON viewflow_process (flow_class) WHERE finished IS NULL",
}


class Migration(migrations.Migration):
    initial = True

    dependencies: ClassVar[list[tuple[str, str]]] = [("viewflow", "0015_task_scheduled")]

    operations: ClassVar[list[migrations.operations.base.Operation]] = [
        migrations.CreateModel(
            name="Process",
            fields=[],
            options={
                "ordering": [],
                "default_permissions": ("manage",),
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("viewflow.process",),
        ),
        migrations.CreateModel(
            name="Task",
            fields=[],
            options={"ordering": [], "default_permissions": (), "proxy": True, "indexes": [], "constraints": []},
            bases=("viewflow.task",),
        ),
        *(
            migrations.RunSQL(sql.format(name=name), f"DROP INDEX IF EXISTS {name}")
            for name, sql in STATEMENTS.items()
        ),
    ]
