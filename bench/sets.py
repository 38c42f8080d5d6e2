"""The sets whose calls are played to an engine: of those the shipped model was trained on, the ones with a lead."""

SETS = (
    "mutopia_pd",
    "openewld_leadsheets",
    "openscore_lieder",
    "pop909_aligned",
    "trad_abc",
    "wjd_jazz",
)
