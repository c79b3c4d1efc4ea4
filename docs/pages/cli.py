"""The click commands -> the reference of the command line: help, arguments, options, examples."""

import click
from docs.pages.markdown import code, table

from aftertrain.cli.main import cli

INTRO = """# Command line

`aftertrain COMMAND --help` prints the same. Results go to standard output, everything else to standard error.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | it failed |
| 2 | the definition or the arguments are wrong |
| 130 | interrupted |

| variable | meaning |
| --- | --- |
| `AFTERTRAIN_API_URL` | the stack's ApiUrl |
| `AFTERTRAIN_WEBHOOK_URL` | the stack's WebhookUrl, for `send` |
| `AFTERTRAIN_TOKEN` | a source's secret, for `send` and `reconcile` |
| `AFTERTRAIN_ACTIVITY_ARN` | the stack's ActivityArn, for `worker` |
| `AWS_PROFILE`, `AWS_REGION`, … | credentials and region, as for every AWS tool |

Only the SDK registers clusters, and creates, changes or deletes single triggers: see [Python SDK](sdk.md).
"""


def page() -> str:
    """The whole page."""
    context = click.Context(cli, info_name="aftertrain")
    lines = [INTRO]
    for name, command in sorted(cli.commands.items()):
        lines += _section(name, command, context)
    return "\n".join(lines).rstrip() + "\n"


def _section(name: str, command: click.Command, parent: click.Context) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent)
    if isinstance(command, click.Group):
        lines = [f"## {context.command_path}", "", _text(command), ""]
        for sub_name, sub_command in sorted(command.commands.items()):
            lines += [line.replace("## ", "### ", 1) for line in _section(sub_name, sub_command, context)]
        return lines
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [
        f"## {context.command_path}",
        "",
        "```text",
        f"{context.command_path} {usage}",
        "```",
        "",
        _text(command),
        "",
    ]
    options = [_row(option) for option in command.params if isinstance(option, click.Option)]
    lines += [*table(("option", "default", "meaning"), options), ""] if options else []
    return [*lines, *_example(command)]


def _text(command: click.Command) -> str:
    return " ".join((command.help or "").split("\b")[0].split())


def _example(command: click.Command) -> list[str]:
    _, _, example = (command.help or "").partition("Example:")
    return ["```text", example.strip(), "```", ""] if example.strip() else []


def _row(option: click.Option) -> tuple[str, str, str]:
    kind = "" if option.is_flag else f" {option.make_metavar(click.Context(cli))}"
    default = option.default if isinstance(option.default, str | int | float) and option.show_default else None
    shown = code(str(default)) if default not in (None, "") else "required" if option.required else "none"
    variable = f" Variable: {code(str(option.envvar))}." if option.envvar else ""
    return code(f"{option.opts[0]}{kind}"), "off" if option.is_flag else shown, f"{option.help}{variable}"
