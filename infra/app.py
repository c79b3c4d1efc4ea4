"""The CDK app: `cdk deploy`, or `aftertrain deploy`, which brings its own Node."""

from aws_cdk import App, CliCredentialsStackSynthesizer

from infra.settings import read_settings
from infra.stack import AftertrainStack


def main() -> None:
    """Synthesise the stack of the stage that the context names."""
    app = App()
    settings = read_settings(app.node)
    # An emulator that checks permissions refuses the roles of CDK's bootstrap; the caller's own credentials publish.
    synthesizer = CliCredentialsStackSynthesizer() if settings.local else None
    AftertrainStack(app, f"Aftertrain-{settings.stage}", settings=settings, synthesizer=synthesizer)
    app.synth()


if __name__ == "__main__":
    main()
