"""One self-contained page for a bundle: who, how often, what the model says, and where every number comes
from."""

from analysis.report.page import relationship_labour_page

__all__ = ["relationship_labour_page"]
