"""Claims about how deepfakes are made: sections 1.3 and 1.4 of the report."""

from study.claim import WORTH_AUC, Claim
from study.rules import Every, Greater, Less

CLAIMS: dict[str, Claim] = {
    "C40": Claim(
        "1.3.1",
        "A face drawn by the other person's decoder looks more like that person than like the one filmed",
        kind="measured",
        chapter="00_how_deepfakes_are_made",
        experiment="face_swap",
        rule=Greater("nearer the donor by, two decoders"),
        shown="fig-swap-distances",
        note="Likeness is the distance of dlib's face vectors, as in chapter 04; the scene stays as it was.",
    ),
    "C41": Claim(
        "1.3.1",
        "To do the trick, each person needs a decoder",
        kind="measured",
        chapter="00_how_deepfakes_are_made",
        experiment="face_swap",
        rule=Less("nearer the donor by, one decoder", than=0),
        shown="fig-swap-distances",
        note="The same network with a single decoder draws whoever it is shown, so nothing is swapped.",
    ),
    "C42": Claim(
        "1.3.2",
        "The discriminator of a GAN is the forgery detector that is looked for",
        kind="measured",
        chapter="00_how_deepfakes_are_made",
        experiment="gan_detector",
        rule=Every(
            (
                Greater("AUC: discriminator, on the fakes", worth=WORTH_AUC, than=0.5),
                Less("AUC: labels less discriminator", than=0),
            )
        ),
        shown="fig-gan-detector",
        note=(
            "A solution has to tell fakes at all, and no worse than the same layers do with labels. The "
            "second part was added after the measurement: the rule had asked only for more than chance, "
            "which thirty actors leave open."
        ),
    ),
}
