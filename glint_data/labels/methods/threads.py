"""One thread for many small matrices: several wait for each other, on a busy machine hundreds of times longer."""

from contextlib import AbstractContextManager


def one_thread() -> AbstractContextManager[object]:
    """NumPy's and SciPy's linear algebra on one thread while the context is open."""
    import scipy.linalg  # noqa: F401  it brings a BLAS of its own, which can be limited only once it is loaded
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)
