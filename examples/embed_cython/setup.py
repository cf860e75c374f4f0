"""Build `touch` against the installed kernel: its headers come from pmm._fast.get_include(), its .pxd from the package."""

from Cython.Build import cythonize
from setuptools import Extension, setup

from pmm._fast import get_include

setup(
    name="embed-touch",
    version="0",
    ext_modules=cythonize([Extension("touch", ["touch.pyx"], include_dirs=[get_include()])]),
)
