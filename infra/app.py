"""The CDK app: `cdk deploy`, or `aftertrain deploy`, which brings its own Node."""

from aws_cdk import Annotations, App, CliCredentialsStackSynthesizer

from infra.bundle import build_bundle
from infra.check_settings import refuse_misspelt
from infra.settings import Settings, read_settings
from infra.stack import AftertrainStack


def main() -> None:
    """Synthesise the stack of the stage that the context names."""
    app = App()
    refuse_misspelt(app.node.get_all_context(), [*Settings.__dataclass_fields__])
    settings = read_settings(app.node)
    # An emulator that checks permissions refuses the roles of CDK's bootstrap; the caller's own credentials publish.
    synthesizer = CliCredentialsStackSynthesizer() if settings.local else None
    bundle, warning = build_bundle(settings)
    stack = AftertrainStack(
        app, f"Aftertrain-{settings.stage}", settings=settings, bundle=bundle, synthesizer=synthesizer
    )
    if warning:
        Annotations.of(stack).add_warning(warning)
    app.synth()


if __name__ == "__main__":
    main()
