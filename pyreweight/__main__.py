"""The command line: adaptive dropout beside scikit-learn's LassoCV or LogisticRegressionCV, on a CSV file or a demo.

``python -m pyreweight --help`` lists the options.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import joblib
from sklearn.pipeline import make_pipeline

from . import AdaptiveDropoutClassifier, AdaptiveDropoutRegressor
from ._comparison import compare, describe
from ._table import MAX_CODES, load_csv, load_demo


def alpha(text: str) -> float | str:
    """Turn the text given for ``--alpha`` into ``"auto"`` or a number."""
    if text == "auto":
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor 'auto'") from None


def separator(text: str) -> str:
    """Turn the text given for ``--sep`` into one character; ``tab`` stands for the tabulator."""
    text = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(text) != 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a single character")
    return text


def build_parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(
        prog="python -m pyreweight",
        description="Compares AdaptiveDropoutRegressor with scikit-learn's LassoCV, or AdaptiveDropoutClassifier with "
        "LogisticRegressionCV (l1), by 5-fold cross-validation, then lists the features kept on all rows. Without "
        "arguments it uses scikit-learn's diabetes data with all two-way interactions.",
        epilog="Text columns are one-hot encoded; missing values are refused. Both methods standardise the features.",
    )
    parser.add_argument("data", nargs="?", type=Path, metavar="DATA.csv", help="a CSV file with a header line")
    parser.add_argument("--target", metavar="COLUMN", help="the column of DATA.csv to predict")
    parser.add_argument(
        "--task",
        choices=["auto", "regression", "classification"],
        default="auto",
        help="what to do; 'auto' (default) classifies if the target is text or boolean, or has whole numbers of at "
        f"most {MAX_CODES} different values, and does regression otherwise",
    )
    parser.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column of DATA.csv to leave out; may be repeated",
    )
    parser.add_argument(
        "--sep", type=separator, default=",", metavar="CHAR", help="separator of DATA.csv, or 'tab' (default: a comma)"
    )
    parser.add_argument(
        "--penalty",
        default="variational_dropout",
        metavar="NAME",
        help="penalty or dropout strategy (default: %(default)s); a wrong name lists the known ones",
    )
    parser.add_argument(
        "--alpha",
        type=alpha,
        default="auto",
        metavar="NUMBER",
        help="penalty strength, or 'auto' to set it from the noise level (default: %(default)s)",
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="MODEL.joblib",
        help="save the pipeline fitted on all rows; joblib.load(...).predict takes a data frame with "
        "the columns of DATA.csv (without a file: the ten diabetes columns)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments; those of the process by default.

    Raises
    ------
    SystemExit
        With code 2 and a message on standard error if an argument or the data cannot be used.
    """
    parser = build_parser()
    args = parser.parse_args(argv)
    if (args.data is None) != (args.target is None):
        parser.error("DATA.csv and --target COLUMN go together")
    if args.data is None and args.drop:
        parser.error("--drop needs DATA.csv")
    if args.data is None and args.task == "classification":
        parser.error("--task classification needs DATA.csv")
    if args.save is not None and not args.save.resolve().parent.is_dir():
        parser.error(f"--save: no such directory: {args.save.resolve().parent}")
    if args.save is not None and args.save.is_dir():
        parser.error(f"--save: {args.save} is a directory; name a file")
    try:
        data = load_demo() if args.data is None else load_csv(args.data, args.target, args.sep, args.drop, args.task)
        estimator = AdaptiveDropoutClassifier if data.classes else AdaptiveDropoutRegressor
        model = estimator(alpha=args.alpha, penalty=args.penalty)
        compare(data, model)
        fitted = make_pipeline(data.encoder, model).fit(data.X, data.y)
        describe(data, fitted)
        if args.save is not None:
            joblib.dump(fitted, args.save)
            print(f"\nsaved to {args.save}")
    except (OSError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
