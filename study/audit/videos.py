"""Claims about the videos and their preprocessing: sections 2, 2.2 and 3.2.2.3 of the report."""

from study.claim import WORTH_AUC, Claim
from study.rules import Conditions, Every, Greater, Near, Printed, Share

CLAIMS: dict[str, Claim] = {
    "C01": Claim(
        "Table 2.1",
        "DFDC has tampered and original videos at 1 : 0.28, 119,154 in all",
        kind="arithmetic",
        chapter="01_data_analysis",
        experiment="published_counts",
        rule=Printed("originals for each fake of the DFDC's training set", 0.28, digits=2),
        shown="tab-published-counts",
        note="0.28 is the ratio of the DFDC Preview, an earlier and smaller release.",
    ),
    "C02": Claim(
        "2.1",
        "More than 80% of the training videos are fake",
        kind="arithmetic",
        chapter="01_data_analysis",
        experiment="published_counts",
        rule=Greater("share of fakes in the DFDC's training set", than=0.8),
        shown="fig-labels",
    ),
    "C03": Claim(
        "2.2.2",
        "Eight faces of each fake and forty of each original give about as many of both",
        kind="arithmetic",
        chapter="02_preprocessing",
        experiment="face_counts",
        rule=Conditions(
            {
                "the DFDC": Near("fake faces for each real one, the DFDC, by its counts", to=1, within=0.1),
                "this run": Near("fake faces for each real one, this run", to=1, within=0.1),
            }
        ),
        shown="tab-face-counts",
        note="It balances faces and not people: as many different originals are seen as before.",
    ),
    "C04": Claim(
        "2.2.4",
        "A margin of 0.5 to 0.7 around the face works significantly better than none",
        kind="measured",
        chapter="02_preprocessing",
        experiment="picture_choices",
        rule=Conditions(
            {
                "the picture keeps 240 px": Greater(
                    "gain: margin 0.6 over 0, picture of 240 px", worth=WORTH_AUC, unit="AUC"
                ),
                "the face keeps 150 px": Greater(
                    "gain: margin 0.6 over 0, face of 150 px", worth=WORTH_AUC, unit="AUC"
                ),
            }
        ),
        shown="fig-choices",
        note="Judged by a linear probe on frozen features; chapter 02 also trains networks with and without.",
    ),
    "C05": Claim(
        "2.2.5",
        "The listed transform is test-time augmentation",
        kind="provenance",
        chapter="02_preprocessing",
        experiment="listed_transform",
        rule=Share("marks of test-time augmentation", of="the marks that were looked for"),
        shown="fig-listing",
        note="It is the training transform of the solution that won the challenge.",
    ),
    "C09": Claim(
        "3.2.2.3",
        "grab() and retrieve() cut the time for finding faces by a third, from 162 s to 107 s",
        kind="measured",
        chapter="02_preprocessing",
        experiment="decoding",
        rule=Conditions(
            {
                "reading alone": Near("cut: reading alone", to=0.34, within=0.05),
                "with the default MTCNN": Near("cut: with the default MTCNN", to=0.34, within=0.05),
                "with this book's extractor": Near("cut: with this book's extractor", to=0.34, within=0.05),
            }
        ),
        shown="fig-grab",
        note="The cut depends on the share of the time that finding faces takes; the report's ran on a GPU. "
        "The rule was changed after the measurement: it had asked for more than 34%, which a true cut of 34% "
        "can never show.",
    ),
    "C25": Claim(
        "2.2.1",
        "A sample of the frames is enough to learn from; more of them would not be better",
        kind="measured",
        chapter="02_preprocessing",
        experiment="frame_samples",
        rule=Greater("gain: 8 faces a video over many", than=-WORTH_AUC, unit="AUC"),
        shown="fig-frame-samples",
        note="The report says that sampling boosts performance, which asks for more than not losing any.",
    ),
    "C26": Claim(
        "2.2.3",
        "About 150 x 150 pixels are a good size for a face: no other does better",
        kind="measured",
        chapter="02_preprocessing",
        experiment="picture_choices",
        rule=Every(
            tuple(
                Greater(f"gain: face of 150 px over {side} px", than=-WORTH_AUC, unit="AUC")
                for side in (50, 75, 100, 200, 240)
            )
        ),
        shown="fig-choices",
        note="A face of 240 px joined the rule after an earlier measurement had shown it ahead of 150.",
    ),
    "C30": Claim(
        "2.2",
        "Charitidis and others improve detectors by 2.3% on the DFDC's test set",
        kind="literature",
        chapter="02_preprocessing",
        experiment="cited_findings",
        rule=Near("improvement in the paper of Charitidis and others", to=2.3, within=0.05, unit="%"),
        shown="tab-citations",
        note="To be looked up in the full text of arXiv:2006.07084; its abstracts give no number.",
    ),
    "C31": Claim(
        "2.2.4",
        "The DFDC Preview paper finds that a margin of 0.5 to 0.7 reduces the gap to the leaderboard",
        kind="literature",
        chapter="02_preprocessing",
        experiment="cited_findings",
        rule=Share(
            "credited statements that the Preview paper can have made", of="those that could be checked"
        ),
        shown="tab-citations",
        note="The paper is older than the challenge, so there was no leaderboard to have a gap to.",
    ),
    "C32": Claim(
        "2.2.1",
        "A classifier of face crops is better than one of whole frames",
        kind="measured",
        chapter="02_preprocessing",
        experiment="picture_choices",
        rule=Greater("gain: face crop over whole frame", worth=WORTH_AUC, unit="AUC"),
        shown="tab-choices",
    ),
    "C39": Claim(
        "2.2.4",
        "A margin of 0.6 makes a picture of 240 pixels of a face of 150",
        kind="arithmetic",
        chapter="02_preprocessing",
        experiment="margin_pixels",
        rule=Printed("side of the picture at a margin of 0.6", 240, unit="px"),
        shown="fig-margin-pixels",
        note="facenet-pytorch's MTCNN(margin=0.6) adds 0.4 pixels: it counts pixels of the result.",
    ),
}
