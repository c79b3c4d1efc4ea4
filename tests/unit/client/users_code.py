"""User code for the platform's earlier SDK. Only the import and the class name are changed.

Each function is one snippet. `test_users_code.py` runs them in order.
"""

from aftertrain import Client


def create_event_trigger() -> None:
    client = Client()
    # Create event trigger
    trigger = client.event_triggers.create(
        pipeline_id="pipe_abc123",
        event_type="model.added",
        filter={"model_source": "hugging_face"},
        enabled=True,
    )
    print(f"Event trigger created: {trigger.id}")


def event_filtering() -> None:
    client = Client()
    # Only trigger for production deployments
    trigger = client.event_triggers.create(
        pipeline_id="pipe_monitoring",
        event_type="deployment.created",
        filter={"environment": "production", "cluster_id": "cluster_prod"},
    )
    assert trigger.enabled


def auto_deploy() -> None:
    client = Client()
    # Create auto-deployment pipeline
    pipeline = client.pipelines.create(
        name="Auto-Deploy New Models",
        definition={
            "steps": [
                {"id": "health_check", "action": "cluster_health", "params": {"cluster_id": "cluster_prod"}},
                {
                    "id": "deploy",
                    "action": "deployment_create",
                    "params": {
                        "model_id": "{{event.model_id}}",
                        "cluster_id": "cluster_prod",
                        "deployment_name": "{{event.model_name}}-auto",
                    },
                    "depends_on": ["health_check"],
                },
                {
                    "id": "notify",
                    "action": "notification",
                    "params": {"message": "Deployed {{event.model_name}} successfully", "channel": "slack"},
                    "depends_on": ["deploy"],
                },
            ]
        },
    )
    # Create event trigger
    trigger = client.event_triggers.create(
        pipeline_id=pipeline.id,
        event_type="model.added",
        filter={"model_source": "hugging_face", "auto_deploy": True},
        enabled=True,
    )
    assert trigger.pipeline_id == pipeline.id


def failure_alert() -> None:
    client = Client()
    pipeline = client.pipelines.create(
        name="Deployment Failure Alerts",
        definition={
            "steps": [
                {
                    "id": "log_failure",
                    "action": "log",
                    "params": {"message": "Deployment failed: {{event.deployment_id}}", "level": "error"},
                },
                {
                    "id": "send_alert",
                    "action": "notification",
                    "params": {
                        "message": "🚨 Deployment {{event.deployment_name}} failed: {{event.error_message}}",
                        "channel": "slack",
                        "priority": "high",
                    },
                },
            ]
        },
    )
    trigger = client.event_triggers.create(pipeline_id=pipeline.id, event_type="deployment.failed", enabled=True)
    assert trigger.enabled


def list_all_triggers() -> None:
    client = Client()
    # Get all event triggers for a pipeline
    triggers = client.event_triggers.list(pipeline_id="pipe_abc123")
    for trigger in triggers:
        print(f"{trigger.event_type}: {trigger.enabled}")


def disable_a_trigger() -> None:
    client = Client()
    # Temporarily disable
    client.event_triggers.disable(trigger_id="trig_xyz789")


def update_filter() -> None:
    client = Client()
    # Update event filter conditions
    client.event_triggers.update(
        trigger_id="trig_xyz789",
        filter={"environment": "production", "priority": "high"},
    )
