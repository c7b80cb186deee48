"""Claims about the classifier and its scores: sections 1.5, 2.2.5, 3.4, 3.5 and 4 of the report."""

from study.claim import WORTH_AUC, WORTH_NATS, Claim
from study.rules import Conditions, Every, Greater, Less, Share

CLAIMS: dict[str, Claim] = {
    "C18": Claim(
        "Table 3.18",
        "Sigmoid and softmax of [3.2, -5.7, 0.6]: sums of 1.61 and of 1",
        kind="arithmetic",
        chapter="07_sigmoid_vs_softmax",
        experiment="printed_functions",
        rule=Share("values that are right", of="the table's six values"),
        shown="tab-printed-functions",
        note="Three sigmoids answer three questions, softmax one: the sums say nothing about either.",
    ),
    "C19": Claim(
        "3.4.1",
        "Softmax is the better classifier of the two",
        kind="measured",
        chapter="07_sigmoid_vs_softmax",
        experiment="heads",
        rule=Greater("log loss: sigmoid less softmax", worth=WORTH_NATS, unit="nats"),
        shown="fig-heads",
        note="Two outputs with softmax and one with sigmoid are the same function of the features.",
    ),
    "C20": Claim(
        "3.4.1",
        "The sigmoid saturates",
        kind="arithmetic",
        chapter="07_sigmoid_vs_softmax",
        experiment="saturation",
        rule=Conditions(
            {
                "with the squared error": Less("gradient, sigmoid with squared error", than=0.01),
                "with cross-entropy": Less("gradient, sigmoid with cross-entropy", than=0.01),
            }
        ),
        shown="fig-saturation",
        note="Softmax saturates with the same loss and to the same degree: it is the loss that decides.",
    ),
    "C21": Claim(
        "Table 3.19",
        "Five predictions: the softmax output of each video, called distance, and the verdict that follows",
        kind="provenance",
        chapter="08_evaluation",
        experiment="printed_predictions",
        rule=Share(
            "rows in which predict is 1 exactly where distance is above 0.5", of="the table's five rows"
        ),
        shown="tab-printed-predictions",
        note="It is no distance: the column is the probability of FAKE.",
    ),
    "C22": Claim(
        "3.5",
        "A log loss of 0.48702 is within the top 50 of the private leaderboard",
        kind="literature",
        chapter="08_evaluation",
        experiment="leaderboard",
        rule=Less("rank of the reported score", than=51),
        shown="fig-leaderboard",
        note=(
            "The rank is read off a line between the nearest known scores, ranks 15 and 69; the leaderboard "
            "itself would decide. That the score was reached cannot be checked offline."
        ),
    ),
    "C23": Claim(
        "Figure 3.22",
        "The fine-tuned network tells fakes from originals, by its ROC curve and confusion matrix",
        kind="measured",
        chapter="08_evaluation",
        experiment="ladder",
        rule=Every(
            (
                Greater("AUC: fine-tuned", than=0.5),
                Greater("AUC: fine-tuned less crop statistics", worth=WORTH_AUC),
            )
        ),
        shown="fig-ladder",
        on_dfdc=True,
        note=(
            "The bar is what needs no network: a constant has an AUC of 0.5, statistics of the crops more. "
            "The dfdc profile draws curve and matrix for its own backbone, by default EfficientNet-B7."
        ),
    ),
    "C24": Claim(
        "1.5",
        "Of the methods that FaceForensics++ compares, XceptionNet is the best",
        kind="literature",
        chapter="08_evaluation",
        experiment="published_methods",
        rule=Share("qualities at which XceptionNet is best", of="the paper's three qualities of video"),
        shown="fig-published-methods",
        note="It compares six methods. The best solutions of the DFDC used EfficientNets.",
    ),
    "C27": Claim(
        "4",
        "A runtime lower by 26% and rank 50 make the solution efficient and accurate",
        kind="literature",
        chapter="08_evaluation",
        follows=("C10", "C22"),
    ),
    "C28": Claim(
        "3.5",
        "The listing, which scores the column predict of 0 and 1, computes the log loss of 0.48702",
        kind="arithmetic",
        chapter="08_evaluation",
        experiment="hard_log_loss",
        rule=Less("accuracy that the score takes with hard answers", than=0.8256),
        shown="fig-hard-log-loss",
        note=(
            "The best accuracy was 0.8256 on the public test set, 0.6518 on the private one. Kaggle scores "
            "the probabilities that are submitted: the score may be right and the listing wrong."
        ),
    ),
    "C37": Claim(
        "2.2.5",
        "The transform tackles overfitting",
        kind="measured",
        chapter="08_evaluation",
        experiment="transform_training",
        rule=Conditions(
            {
                "probabilities as the network gives them": Greater(
                    "gain in log loss", worth=WORTH_NATS, unit="nats"
                ),
                "both calibrated": Greater("gain in log loss, calibrated", worth=WORTH_NATS, unit="nats"),
            }
        ),
        shown="tab-transform-training",
        note="Judged on actors who were not trained on, after short trainings of a small network.",
    ),
    "C43": Claim(
        "1.5",
        "Deep networks outperform traditional machine learning",
        kind="measured",
        chapter="08_evaluation",
        experiment="methods",
        rule=Greater("AUC: fine-tuned Lite0 less crop statistics, regression", worth=WORTH_AUC),
        shown="fig-methods",
        note=(
            "The deep network is the book's own, fixed beforehand; the traditional method is a regression on "
            "light, colour and sharpness. Both learn from the same faces, once for each division of the "
            "actors, so the interval is over actors alone."
        ),
    ),
}
