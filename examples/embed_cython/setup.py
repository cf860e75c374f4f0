"""Build `touch` against the installed kernel: get_include() names the folder of its C headers."""

from Cython.Build import cythonize
from setuptools import Extension, setup

from pmm._fast import get_include

setup(
    name="embed-touch",
    version="0",
    ext_modules=cythonize([Extension("touch", ["touch.pyx"], include_dirs=[get_include()])]),
)
