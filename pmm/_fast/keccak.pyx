# cython: language_level=3, boundscheck=False, wraparound=False, auto_pickle=False, autotestdict=False
"""The hash of Ethereum, compiled: keccak.h behind the same face as pmm._fast.pure.keccak."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE

cdef extern from "keccak.h":
    const int PMM_KECCAK_SIZE
    void pmm_keccak256(const unsigned char *data, size_t size, unsigned char *hash) noexcept nogil


def keccak256(bytes data not None):
    """The 32 bytes of a hash.  Raises TypeError for anything but bytes."""
    cdef unsigned char hash[32]
    pmm_keccak256(<const unsigned char *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), hash)
    return PyBytes_FromStringAndSize(<const char *>hash, PMM_KECCAK_SIZE)
