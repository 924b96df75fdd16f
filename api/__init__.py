"""The Dyade service: studies, prompts, entries and the bundles made from them."""

__version__ = "0.1.0"
