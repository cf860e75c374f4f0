// Frame -> book in C: the kernel against simdjson On-Demand into the same books, in turns over the same bytes.
// compare TOKENS SNAPSHOTS FRAMES: lines "token tick", and frames one a line.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "books.h"
#include "simdjson.h"

using namespace simdjson;
using clock_type = std::chrono::steady_clock;

static std::vector<padded_string> lines(const char *path) {
    std::vector<padded_string> found;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) found.emplace_back(line);
    return found;
}

static bool on_demand(books *all, ondemand::parser &parser, const padded_string &frame) {
    auto document = parser.iterate(frame);
    for (ondemand::object change : document["price_changes"].get_array()) {
        std::string_view token = change["asset_id"], price = change["price"], size = change["size"], side = change["side"];
        if (!books_put(all, token.data(), token.size(), side == "SELL", price.data(), price.size(), size.data(), size.size()))
            return false;
    }
    std::string_view at_ms = document["timestamp"], kind = document["event_type"];
    return !at_ms.empty() && kind == "price_change";
}

static double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

int main(int count, char **words) {
    if (count != 4) return 2;
    books *ours = books_new(), *theirs = books_new();
    std::ifstream tokens(words[1]);
    std::string token;
    for (int tick; tokens >> token >> tick;)
        if (!books_add(ours, token.c_str(), tick) || !books_add(theirs, token.c_str(), tick)) return 2;
    for (const auto &frame : lines(words[2]))
        if (!books_feed(ours, frame.data(), frame.size()) || !books_feed(theirs, frame.data(), frame.size())) return 2;
    const auto frames = lines(words[3]);
    ondemand::parser parser;
    const size_t chunk = 500;
    std::vector<double> fast, slow, ratios;
    bool right = true;
    for (int round = 0; round < 5; round++)
        for (size_t from = 0; from + chunk <= frames.size(); from += chunk) {
            for (size_t at = from; at < from + chunk; at++) right &= std::count(frames[at].data(), frames[at].data() + frames[at].size(), 'z') < 99;
            auto began = clock_type::now();
            for (size_t at = from; at < from + chunk; at++) right &= books_feed(ours, frames[at].data(), frames[at].size()) == 1;
            auto between = clock_type::now();
            for (size_t at = from; at < from + chunk; at++) right &= on_demand(theirs, parser, frames[at]);
            auto ended = clock_type::now();
            fast.push_back(std::chrono::duration<double, std::nano>(between - began).count() / chunk);
            slow.push_back(std::chrono::duration<double, std::nano>(ended - between).count() / chunk);
            ratios.push_back(slow.back() / fast.back());
        }
    if (!right || !books_same(ours, theirs)) {
        std::fprintf(stderr, "the books differ\n");
        return 1;
    }
    std::printf("%.3f %.1f %.1f %s\n", median(ratios), median(fast), median(slow), get_active_implementation()->name().c_str());
    return 0;
}
