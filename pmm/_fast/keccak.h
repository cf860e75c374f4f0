/* Keccak-256, the hash of Ethereum: Keccak-f[1600] over lanes of 64 bits, padded with 0x01 as before SHA-3. */

#ifndef PMM_KECCAK_H
#define PMM_KECCAK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PMM_KECCAK_LANES = 25, PMM_KECCAK_ROUNDS = 24, PMM_KECCAK_RATE = 136, PMM_KECCAK_SIZE = 32 };

static const uint64_t PMM_KECCAK_IOTA[PMM_KECCAK_ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000A, 0x000000008000808B, 0x800000000000008B, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

#define PMM_ROTATED(lane, by) ((lane) << (by) | (lane) >> (64 - (by)))

/* Rho and pi: lane `from`, mixed with its column and turned, is lane `to` of the next state. */
#define PMM_MOVED(to, from, by) \
    lane = state[from] ^ mixed[(from) % 5]; \
    next[to] = PMM_ROTATED(lane, by)

static inline void pmm_keccak_round(uint64_t *state, uint64_t iota)
{
    uint64_t column[5], mixed[5], next[PMM_KECCAK_LANES], lane;

    for (int x = 0; x < 5; x++)
        column[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
    for (int x = 0; x < 5; x++)
        mixed[x] = column[(x + 4) % 5] ^ PMM_ROTATED(column[(x + 1) % 5], 1);

    next[0] = state[0] ^ mixed[0];
    PMM_MOVED(10, 1, 1);
    PMM_MOVED(20, 2, 62);
    PMM_MOVED(5, 3, 28);
    PMM_MOVED(15, 4, 27);
    PMM_MOVED(16, 5, 36);
    PMM_MOVED(1, 6, 44);
    PMM_MOVED(11, 7, 6);
    PMM_MOVED(21, 8, 55);
    PMM_MOVED(6, 9, 20);
    PMM_MOVED(7, 10, 3);
    PMM_MOVED(17, 11, 10);
    PMM_MOVED(2, 12, 43);
    PMM_MOVED(12, 13, 25);
    PMM_MOVED(22, 14, 39);
    PMM_MOVED(23, 15, 41);
    PMM_MOVED(8, 16, 45);
    PMM_MOVED(18, 17, 15);
    PMM_MOVED(3, 18, 21);
    PMM_MOVED(13, 19, 8);
    PMM_MOVED(14, 20, 18);
    PMM_MOVED(24, 21, 2);
    PMM_MOVED(9, 22, 61);
    PMM_MOVED(19, 23, 56);
    PMM_MOVED(4, 24, 14);

    for (int row = 0; row < PMM_KECCAK_LANES; row += 5)
        for (int x = 0; x < 5; x++)
            state[row + x] = next[row + x] ^ (~next[row + (x + 1) % 5] & next[row + (x + 2) % 5]);
    state[0] ^= iota;
}

/* Take one block of PMM_KECCAK_RATE bytes in. */
static inline void pmm_keccak_absorb(uint64_t *state, const unsigned char *block)
{
    for (int at = 0; at < PMM_KECCAK_RATE / 8; at++) {
        uint64_t lane = 0;
        for (int byte = 7; byte >= 0; byte--)
            lane = lane << 8 | block[8 * at + byte];
        state[at] ^= lane;
    }
    for (int round = 0; round < PMM_KECCAK_ROUNDS; round++)
        pmm_keccak_round(state, PMM_KECCAK_IOTA[round]);
}

static inline void pmm_keccak256(const unsigned char *data, size_t size, unsigned char *hash)
{
    uint64_t state[PMM_KECCAK_LANES] = {0};
    unsigned char last[PMM_KECCAK_RATE] = {0};

    for (; size >= PMM_KECCAK_RATE; data += PMM_KECCAK_RATE, size -= PMM_KECCAK_RATE)
        pmm_keccak_absorb(state, data);
    memcpy(last, data, size);
    last[size] = 0x01;
    last[PMM_KECCAK_RATE - 1] |= 0x80;
    pmm_keccak_absorb(state, last);
    for (int byte = 0; byte < PMM_KECCAK_SIZE; byte++)
        hash[byte] = (unsigned char)(state[byte / 8] >> 8 * (byte % 8));
}

#undef PMM_MOVED
#undef PMM_ROTATED

#endif
