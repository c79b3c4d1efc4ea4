"""A source -> instructions for its sender: a command to paste, or settings to fill in."""

from aftertrain.client.models import EventSource

_TEXTS = {
    "tigris": "tigris buckets set-notifications BUCKET --url {url} {credentials}",
    "s3": "mc admin config set ALIAS notify_webhook:aftertrain endpoint={url} auth_token={secret}",
    "r2": "let the queue's consumer post each message to the URL, with {header}",
    "eventbridge": "aws events create-api-destination --name aftertrain --http-method POST "
    "--invocation-endpoint {url} --connection-arn CONNECTION, whose connection sends {header}",
    "cloudevents": "send CloudEvents to the URL with {header}",
    "platform": "post events to the URL with {header}",
    "standard_webhooks": "give the sender the URL and the secret",
    "hugging_face": "huggingface.co/settings/webhooks: paste the URL and the secret, watch the repositories",
    "mlflow": "MlflowClient().create_webhook(name='aftertrain', url='{url}', secret='{secret}', "
    "events=[WebhookEvent.from_str('model_version.created')])",
    "wandb": "team settings: create a secret with the value above, and a webhook with the URL and that secret; "
    "docs/how-to/connect-wandb.md has the payload",
    "github": "gh api repos/OWNER/REPO/hooks -f name=web -F active=true -f 'events[]=release' "
    "-f config[url]={url} -f config[content_type]=json -f config[secret]={secret}",
}
_CREDENTIALS = {"bearer": "--token {secret}", "basic": "--username {id} --password {secret}"}
_HEADERS = {
    "bearer": "the header Authorization: Bearer {secret}",
    "basic": "the user {id} and the secret as password",
    "signature": "Standard Webhooks signatures made with the secret",
}


def setup(source: EventSource) -> str:
    """The instructions, with the source's URL and secret."""
    values = {"id": source.id, "url": source.url, "secret": source.secret or ""}
    credentials = _CREDENTIALS.get(source.auth, "").format(**values)
    header = _HEADERS.get(source.auth, "no credentials").format(**values)
    return _TEXTS[source.kind].format(**values, credentials=credentials, header=header).strip()
