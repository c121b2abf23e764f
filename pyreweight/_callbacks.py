"""scikit-learn's callbacks, where it has them (1.9 and newer)."""

from collections.abc import Callable, Sequence

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupport
    from sklearn.callback import with_callbacks
except ImportError:

    class CallbackSupport:  # type: ignore[no-redef]
        """Stands in for the mixin of scikit-learn 1.9."""

    def with_callbacks(method):
        """Return the method as it is."""
        return method


class PathTasks:
    """Tells the callbacks of an estimator about the paths it computes: each path a task, each alpha a task of that.

    Parameters
    ----------
    estimator : CallbackSupport
        The estimator whose ``fit`` is running.
    names : sequence of str
        Names of the paths.
    n_alphas : int
        Number of points of each.
    """

    def __init__(self, estimator, names: Sequence[str], n_alphas: int):
        self._estimator = estimator
        self._active = bool(getattr(estimator, "_skl_callbacks", ()))
        if not hasattr(estimator, "_init_callback_context"):
            return
        root = estimator._init_callback_context(max_subtasks=len(names), sequential_subtasks=False)
        self._root = root.call_on_fit_task_begin(estimator=estimator)
        # All made here, by one thread; afterwards each belongs to the thread that computes the path.
        self._paths = [
            root.subcontext(task_name=name, task_id=i, max_subtasks=n_alphas) for i, name in enumerate(names)
        ]

    def begin(self, path: int) -> Callable | None:
        """Announce a path; returns what the core is to call after each point."""
        if not self._active:
            return None
        context = self._paths[path].call_on_fit_task_begin(estimator=self._estimator)
        left = context.max_subtasks
        point = context.subcontext(task_name="alpha").call_on_fit_task_begin(estimator=self._estimator)

        def progress(index, *_):
            nonlocal point
            point.call_on_fit_task_end(estimator=self._estimator)
            if index + 1 < left:
                point = context.subcontext(task_name="alpha").call_on_fit_task_begin(estimator=self._estimator)

        return progress

    def end(self, path: int) -> None:
        """Close a path."""
        if self._active:
            self._paths[path].call_on_fit_task_end(estimator=self._estimator)

    def close(self) -> None:
        """Close the fit."""
        if self._active:
            self._root.call_on_fit_task_end(estimator=self._estimator)
