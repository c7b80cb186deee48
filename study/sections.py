"""Where each section of the report is in this book: the chapter, what runs there, and the verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass

from study import ledger_page
from study.ledger import Finding


@dataclass(frozen=True)
class Section:
    """A section of the report.

    Attributes
    ----------
    number : str
        Its number in the report.
    about : str
        What it is about, in our words.
    page : str
        The notebook, or the page of the folder ``book``, that takes it up.
    runs : str
        What of it runs there.
    claims : tuple of str
        The claims that stand in it, by their names in `study.claims`.
    """

    number: str
    about: str
    page: str
    runs: str
    claims: tuple[str, ...] = ()


NOTHING = "nothing to run: it is retold"

SECTIONS = (
    Section("1.1, 1.2", "what video forgery is, and why it matters", "background", NOTHING),
    Section(
        "1.3.1",
        "the autoencoder with two decoders",
        "00_how_deepfakes_are_made",
        "a swap is trained, taken apart and measured, with a control of one decoder",
        ("C40", "C41"),
    ),
    Section(
        "1.3.2",
        "the generative adversarial network",
        "00_how_deepfakes_are_made",
        "a GAN is trained, and its discriminator asked about fakes",
        ("C42",),
    ),
    Section(
        "1.4",
        "a classifier on a convolutional base",
        "08_evaluation",
        "the classifier is trained and judged; chapter 00 draws it",
    ),
    Section(
        "1.5",
        "the detectors of others",
        "08_evaluation",
        "the published comparison is recomputed; eleven methods are compared, also on forgeries left out",
        ("C24", "C43"),
    ),
    Section("1.6", "the aims of the report", "introduction", NOTHING),
    Section(
        "2, 2.1",
        "the data set and its classes",
        "01_data_analysis",
        "every video is listed, examined and counted; splits are checked for leaks",
        ("C01", "C02"),
    ),
    Section(
        "2.2",
        "why to preprocess",
        "02_preprocessing",
        "what the literature says of it is looked up",
        ("C30",),
    ),
    Section(
        "2.2.1",
        "frames and faces instead of whole videos",
        "02_preprocessing",
        "frames are decoded in several ways; numbers of frames, and whole frames, are compared",
        ("C25", "C32"),
    ),
    Section("2.2.2", "balancing the classes", "02_preprocessing", "ways to balance are compared", ("C03",)),
    Section("2.2.3", "the size of faces", "02_preprocessing", "sizes are compared", ("C26",)),
    Section(
        "2.2.4",
        "the margin around faces",
        "02_preprocessing",
        "margins are compared, with a frozen and with a trained network",
        ("C04", "C31", "C39"),
    ),
    Section(
        "2.2.5",
        "augmentation",
        "02_preprocessing",
        "the listed transform runs; each of its parts, and training with it, is measured",
        ("C05", "C37"),
    ),
    Section("3.1", "the plan of the work", "introduction", "the pipeline is drawn in each chapter"),
    Section(
        "3.2, 3.2.1",
        "packages for face detection",
        "03_detector_benchmark",
        "detectors find faces, easy and hard ones, and classifiers are fitted to their crops",
        ("C33", "C34"),
    ),
    Section(
        "3.2.2",
        "their speed",
        "03_detector_benchmark",
        "speeds are measured, and the printed table is traced to its source",
        ("C06", "C35"),
    ),
    Section(
        "3.2.2.1",
        "facenet-pytorch against TensorFlow",
        "03_detector_benchmark",
        "both MTCNNs look at the same frames",
        ("C07", "C36"),
    ),
    Section(
        "3.2.2.2",
        "dlib against facenet-pytorch",
        "03_detector_benchmark",
        "both look at the same faces",
        ("C08",),
    ),
    Section(
        "3.2.2.3",
        "faster reading of videos",
        "02_preprocessing",
        "ways of decoding are timed at DFDC's bit rates",
        ("C09",),
    ),
    Section(
        "3.2.3",
        "the outcome of the benchmark",
        "03_detector_benchmark",
        "the report's loop and ours are timed as wholes",
        ("C10",),
    ),
    Section(
        "3.3.1.1",
        "convolutional networks",
        "04_embedding",
        "the layers of EfficientNet are listed, stage by stage",
    ),
    Section(
        "3.3.1.2",
        "EfficientNet and its embedding",
        "04_embedding",
        "the network is taken apart, and the listing run as printed and as meant",
        ("C11", "C12", "C29"),
    ),
    Section(
        "3.3.2.1",
        "principal components",
        "05_dimension_reduction",
        "PCA is timed and judged",
        ("C13",),
    ),
    Section(
        "3.3.2.2",
        "t-SNE after PCA",
        "05_dimension_reduction",
        "both are timed and judged, at several settings",
        ("C14",),
    ),
    Section(
        "3.3.3.1",
        "algorithms for clustering",
        "06_clustering",
        "algorithms are timed and judged",
        ("C15",),
    ),
    Section(
        "3.3.3.2",
        "what the clusters say",
        "06_clustering",
        "clusters are held against people and groups of people; the time of many points is measured",
        ("C16", "C17", "C38"),
    ),
    Section(
        "3.4.1",
        "sigmoid against softmax",
        "07_sigmoid_vs_softmax",
        "both are computed, proved equal and trained",
        ("C18", "C19", "C20"),
    ),
    Section(
        "3.5",
        "the classifier and its score",
        "08_evaluation",
        "the classifier is trained, calibrated, judged and explained; the printed numbers are recomputed",
        ("C21", "C22", "C23", "C28"),
    ),
    Section("4", "conclusion", "08_evaluation", "it follows from two other claims", ("C27",)),
    Section(
        "5.1",
        "the unsolved issue: faces of Black people",
        "06_clustering",
        "groups of people are compared, with intervals",
        ("C17", "C38"),
    ),
    Section(
        "5.2.1",
        "what could be tried next: fine-tuning, scaling, sound",
        "09_future_work",
        "layers are trained in four choices, networks scaled in seven ways, and videos listened to",
        ("C44", "C45", "C48"),
    ),
    Section(
        "5.2.2",
        "what could be tried next: attention-augmented convolution",
        "09_future_work",
        "the layer is built, checked against its definition and compared at equal cost",
        ("C46",),
    ),
    Section(
        "5.2.4",
        "what could be tried next: transfer from a discriminator",
        "09_future_work",
        "a GAN's discriminator becomes a detector, beside other starts",
        ("C47",),
    ),
)
"""All sections of the report, in their order."""


def table(findings: Sequence[Finding]) -> str:
    """Write the sections of the report as a table.

    Parameters
    ----------
    findings : sequence of Finding
        As `study.ledger.findings` gives them; claims that are not among them are left out.

    Returns
    -------
    str
        MyST Markdown, for a page in the folder ``book``.
    """
    by_name = {finding.name: finding for finding in findings}
    lines = [
        "```{list-table} The report's sections in this book",
        ":header-rows: 1",
        ":widths: 10 26 22 42",
        ":name: tab-sections",
        "",
        "* - Section\n  - About\n  - Page\n  - What runs, and what came out",
    ]
    for section in SECTIONS:
        verdicts = [
            f"{ledger_page.badge(by_name[name].judgement.verdict)} {{ref}}`{name} <claim-{name.lower()}>`"
            for name in section.claims
            if name in by_name
        ]
        outcome = ". ".join(filter(None, [section.runs[0].upper() + section.runs[1:], ", ".join(verdicts)]))
        folder = "../notebooks/" if section.page[:2].isdigit() else ""
        lines.append(
            f"* - {section.number}\n  - {section.about}\n  - {{doc}}`{folder}{section.page}`\n  - {outcome}"
        )
    return "\n".join([*lines, "```"]) + "\n"
