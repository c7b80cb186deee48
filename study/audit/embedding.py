"""Claims about embeddings, their reduction to three dimensions, and clusters: section 3.3 of the report."""

from study.claim import WORTH_ARI, WORTH_GROUPS, Claim
from study.rules import Conditions, Every, Greater, Less, Near, Printed, Share

CLAIMS: dict[str, Claim] = {
    "C11": Claim(
        "3.3.1.2",
        "EfficientNet-B7 gives a face an embedding of 512 numbers",
        kind="provenance",
        chapter="04_embedding",
        experiment="vector_lengths",
        rule=Printed("length of the vector that the listing gives", 512),
        shown="tab-lengths",
        note="facenet-pytorch, the package of the report's face detector, has a network that gives as many.",
    ),
    "C12": Claim(
        "Figure 3.6",
        "The table of an architecture is EfficientNet's",
        kind="provenance",
        chapter="04_embedding",
        experiment="architecture",
        rule=Share("share of the rows that are those of EfficientNet's B0", of="the table's nine rows"),
        shown="tab-architecture",
        note="The report does not say which EfficientNet it is. The one that it uses, B7, is larger.",
    ),
    "C13": Claim(
        "3.3.2.1",
        "PCA is by far the fastest reduction, but its three dimensions do not separate groups",
        kind="measured",
        chapter="05_dimension_reduction",
        experiment="reduction_quality",
        rule=Every(
            (
                Greater("times PCA's: the next fastest (1,000 faces)", than=2),
                Conditions(
                    {
                        "groups are videos": Less(
                            "silhouette: videos, ImageNet features, PCA", than=0.25, worth=0.1
                        ),
                        "groups are people": Less(
                            "silhouette: people, face features, PCA", than=0.25, worth=0.1
                        ),
                    }
                ),
            )
        ),
        shown="fig-silhouettes",
        note="A mean silhouette of up to 0.25 is read as no substantial structure. Both kinds of groups are "
        "such as neighbours in the embedding name nearly always, so that the projection is what is judged.",
    ),
    "C14": Claim(
        "3.3.2.2",
        "t-SNE after PCA takes only a little more time than PCA, and separates groups well",
        kind="measured",
        chapter="05_dimension_reduction",
        experiment="reduction_quality",
        rule=Every(
            (
                Less("times PCA's: PCA + t-SNE (500 faces)", than=2),
                Conditions(
                    {
                        "groups are videos": Greater(
                            "gain in silhouette: videos, ImageNet features, over PCA", worth=0.1
                        ),
                        "groups are people": Greater(
                            "gain in silhouette: people, face features, over PCA", worth=0.1
                        ),
                    }
                ),
            )
        ),
        shown="fig-silhouettes",
        note="The two halves of the claim are judged apart, and the worse verdict counts.",
    ),
    "C15": Claim(
        "3.3.3.1",
        "HDBSCAN is faster and more stable than DBSCAN",
        kind="measured",
        chapter="06_clustering",
        experiment="clustering_methods",
        rule=Every(
            (
                Greater("time at 100,000 points: DBSCAN's as a multiple of HDBSCAN's", than=1),
                Greater("stability against its parameter: HDBSCAN less DBSCAN", worth=WORTH_ARI, unit="ARI"),
                Greater("stability against other faces: HDBSCAN less DBSCAN", worth=WORTH_ARI, unit="ARI"),
            )
        ),
        shown="fig-clustering-times",
        note="Times are compared at the number of points for which the report chose, which only the full "
        "measurement reaches; stability against two kinds of change.",
    ),
    "C16": Claim(
        "3.3.3.2",
        "130,000 points are reduced and clustered in less than 45 minutes",
        kind="measured",
        chapter="06_clustering",
        experiment="many_faces",
        rule=Less("minutes for 130,000 points", than=45, unit="min"),
        shown="tab-many-faces",
        note="Timings of 32,500 points, a quarter of them, or more decide it. They are of this book's stage "
        "on two cores; the report does not say what machine it had. That there are 520 clusters follows from "
        "how many faces make one.",
    ),
    "C17": Claim(
        "3.3.3.2, 5.1",
        "The embedding represents facial features in most cases",
        kind="measured",
        chapter="06_clustering",
        experiment="verification",
        rule=Greater("same person or not, pooled features", than=0.75, unit="AUC"),
        shown="tab-verification",
        on_dfdc=True,
        note="Most cases: the right person is nearer in three trials of four, half-way from chance to "
        "certainty. Real faces whose owners are listed would test it.",
    ),
    "C29": Claim(
        "Table 3.19",
        "The embedding in the table of predictions is EfficientNet's",
        kind="provenance",
        chapter="04_embedding",
        experiment="printed_embedding",
        rule=Near("printed numbers, as a multiple of the listing's", to=1, within=0.5),
        shown="fig-printed-embedding",
        note="The listing's numbers are those of the run's own EfficientNet, on its own faces.",
    ),
    "C38": Claim(
        "3.3.3.2, 5.1",
        "The embedding struggles with the faces of Black people",
        kind="measured",
        chapter="06_clustering",
        experiment="verification",
        rule=Greater(
            "harder for African ancestry, like age, pooled features", worth=WORTH_GROUPS, unit="AUC"
        ),
        shown="tab-groups",
        on_dfdc=True,
        note="Synthetic people cannot show how a network treats real ones. Real faces whose owners, ancestry "
        "and age are listed would test it.",
    ),
}
