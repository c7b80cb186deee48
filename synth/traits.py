"""The tables that actors are drawn from: groups, colours, and shape targets of the face."""

from itertools import product

ANCESTRIES = ("african", "asian", "caucasian")
GENDERS = ("woman", "man")
GROUPS = tuple(product(ANCESTRIES, GENDERS))

MONK_TONES = (
    (232, 194, 172),
    (226, 184, 159),
    (220, 175, 146),
    (210, 163, 130),
    (196, 147, 111),
    (176, 126, 90),
    (144, 100, 72),
    (116, 78, 57),
    (92, 62, 47),
    (74, 50, 40),
)
"""Skin colours (sRGB) whose lightness follows the ten tones of the Monk scale, as lit in a film."""

MONK_RANGE = {"african": (6, 10), "asian": (2, 6), "caucasian": (1, 5)}
"""Lightest and darkest tone of each ancestry."""

EYE_COLOURS = {
    "dark brown": (44, 26, 16),
    "brown": (78, 46, 24),
    "hazel": (104, 82, 44),
    "green": (86, 104, 66),
    "grey": (112, 124, 128),
    "blue": (84, 124, 162),
}
HAIR_COLOURS = {
    "black": (26, 20, 18),
    "dark brown": (48, 32, 23),
    "brown": (84, 56, 36),
    "fair": (168, 126, 78),
    "red": (134, 66, 34),
}

SPREAD = 0.72
"""Share of the spreads below that is used: with all of it, noses and mouths lie where few have them."""

# Detail targets: (name, name of the opposite, spread of the weight). Names with {} exist for both sides.
DETAILS = (
    ("nose/nose-scale-horiz-incr", "nose/nose-scale-horiz-decr", 0.55),
    ("nose/nose-scale-depth-incr", "nose/nose-scale-depth-decr", 0.38),
    ("nose/nose-scale-vert-incr", "nose/nose-scale-vert-decr", 0.5),
    ("nose/nose-hump-incr", "nose/nose-hump-decr", 0.5),
    ("nose/nose-point-up", "nose/nose-point-down", 0.3),
    ("nose/nose-point-width-incr", "nose/nose-point-width-decr", 0.5),
    ("nose/nose-width1-incr", "nose/nose-width1-decr", 0.45),
    ("nose/nose-width2-incr", "nose/nose-width2-decr", 0.45),
    ("nose/nose-width3-incr", "nose/nose-width3-decr", 0.45),
    ("nose/nose-volume-incr", "nose/nose-volume-decr", 0.4),
    ("nose/nose-base-up", "nose/nose-base-down", 0.3),
    ("nose/nose-curve-convex", "nose/nose-curve-concave", 0.4),
    ("nose/nose-trans-up", "nose/nose-trans-down", 0.35),
    ("nose/nose-flaring-incr", "nose/nose-flaring-decr", 0.4),
    ("mouth/mouth-scale-horiz-incr", "mouth/mouth-scale-horiz-decr", 0.5),
    ("mouth/mouth-trans-up", "mouth/mouth-trans-down", 0.35),
    ("mouth/mouth-upperlip-height-incr", "mouth/mouth-upperlip-height-decr", 0.5),
    ("mouth/mouth-lowerlip-height-incr", "mouth/mouth-lowerlip-height-decr", 0.5),
    ("mouth/mouth-upperlip-volume-incr", "mouth/mouth-upperlip-volume-decr", 0.35),
    ("mouth/mouth-lowerlip-volume-incr", "mouth/mouth-lowerlip-volume-decr", 0.35),
    ("mouth/mouth-cupidsbow-incr", "mouth/mouth-cupidsbow-decr", 0.5),
    ("mouth/mouth-angles-up", "mouth/mouth-angles-down", 0.2),
    ("chin/chin-width-incr", "chin/chin-width-decr", 0.55),
    ("chin/chin-height-incr", "chin/chin-height-decr", 0.5),
    ("chin/chin-prominent-incr", "chin/chin-prominent-decr", 0.45),
    ("chin/chin-bones-incr", "chin/chin-bones-decr", 0.5),
    ("chin/chin-jaw-drop-incr", "chin/chin-jaw-drop-decr", 0.35),
    ("eyes/{}-eye-scale-incr", "eyes/{}-eye-scale-decr", 0.4),
    ("eyes/{}-eye-trans-in", "eyes/{}-eye-trans-out", 0.5),
    ("eyes/{}-eye-trans-up", "eyes/{}-eye-trans-down", 0.4),
    ("eyes/{}-eye-corner1-up", "eyes/{}-eye-corner1-down", 0.4),
    ("eyes/{}-eye-corner2-up", "eyes/{}-eye-corner2-down", 0.45),
    ("eyes/{}-eye-height2-incr", "eyes/{}-eye-height2-decr", 0.35),
    ("eyes/{}-eye-eyefold-down", "eyes/{}-eye-eyefold-up", 0.4),
    ("eyes/{}-eye-bag-incr", "eyes/{}-eye-bag-decr", 0.3),
    ("cheek/{}-cheek-bones-incr", "cheek/{}-cheek-bones-decr", 0.5),
    ("cheek/{}-cheek-volume-incr", "cheek/{}-cheek-volume-decr", 0.5),
    ("cheek/{}-cheek-inner-incr", "cheek/{}-cheek-inner-decr", 0.35),
    ("forehead/forehead-scale-vert-incr", "forehead/forehead-scale-vert-decr", 0.2),
    ("forehead/forehead-temple-incr", "forehead/forehead-temple-decr", 0.4),
    ("eyebrows/eyebrows-trans-up", "eyebrows/eyebrows-trans-down", 0.35),
    ("eyebrows/eyebrows-trans-forward", "eyebrows/eyebrows-trans-backward", 0.35),
    ("eyebrows/eyebrows-angle-up", "eyebrows/eyebrows-angle-down", 0.25),
    ("head/head-scale-horiz-incr", "head/head-scale-horiz-decr", 0.35),
    ("head/head-scale-vert-incr", "head/head-scale-vert-decr", 0.3),
    ("head/head-fat-incr", "head/head-fat-decr", 0.35),
    ("head/head-angle-in", "head/head-angle-out", 0.25),
    ("ears/{}-ear-scale-incr", "ears/{}-ear-scale-decr", 0.35),
    ("ears/{}-ear-wing-incr", "ears/{}-ear-wing-decr", 0.3),
    ("neck/neck-scale-horiz-incr", "neck/neck-scale-horiz-decr", 0.3),
)

LEANINGS = {
    "chin/chin-width-incr": -0.35,
    "chin/chin-bones-incr": -0.35,
    "chin/chin-jaw-drop-incr": -0.3,
    "chin/chin-height-incr": -0.25,
    "nose/nose-scale-horiz-incr": -0.2,
    "nose/nose-volume-incr": -0.25,
    "mouth/mouth-upperlip-height-incr": 0.3,
    "mouth/mouth-lowerlip-height-incr": 0.3,
    "eyes/{}-eye-scale-incr": 0.3,
    "eyes/{}-eye-height2-incr": 0.25,
    "eyebrows/eyebrows-trans-forward": -0.4,
    "eyebrows/eyebrows-trans-up": 0.25,
    "head/head-angle-in": 0.15,
    "neck/neck-scale-horiz-incr": -0.25,
}
"""How women's faces lean against the mean; men's lean half as much the other way."""

HEAD_SHAPES = {
    "woman": ("oval", "round", "triangular", "diamond", "invertedtriangular"),
    "man": ("oval", "round", "square", "triangular", "diamond", "rectangular"),
}
ASYMMETRIES = (
    "brown-1",
    "brown-2",
    "cheek-1",
    "eye-3",
    "eye-4",
    "jaw-1",
    "jaw-2",
    "mouth-1",
    "mouth-2",
    "nose-1",
)
