// Products with a matrix that is zero between heads, the groups of units that do not see each other: a panel is multiplied
// for those k alone for which it is not all zero. One head's whole matrix costs nothing more.
#pragma once

#include "threads.hpp"

namespace throughtime::THROUGHTIME_TARGET {

template <class T, int sums>
class HeadProduct {
  public:
    // `units`: those whose panels are ours; each of `parts` equal parts of k has a range of its own.
    HeadProduct(const T* weights, std::int64_t depth, int parts, const Range& units, int rows)
        : weights_(weights), depth_(depth), first_(units.first), moved_(static_cast<std::size_t>(rows)) {
        for (std::int64_t at = units.first; at < units.last; at += panel_units<T>(sums)) {
            std::vector<Range>& found = reach_.emplace_back();
            for (int part = 0; part < parts; ++part) {
                const Range own = trimmed(panel(at), {part * depth / parts, (part + 1) * depth / parts});
                if (part > 0 && found.back().last == own.first) found.back().last = own.last;
                else found.push_back(own);
            }
        }
    }

    // As through_panel, but that done comes once for each range: its sums are to be added.
    template <class Ahead, class Done>
    void through(std::int64_t at, const T* const* from, int count, const Ahead& ahead, const Done& done) {
        for (const Range& own : reach_[static_cast<std::size_t>((at - first_) / panel_units<T>(sums))]) {
            for (int m = 0; m < count; ++m) moved_[m] = from[m] + own.first;
            through_panel<sums, T>(panel(at) + own.first * width, 0, moved_.data(), own.size(), count, ahead,
                                   [&](int m, std::int64_t unit, const Vector<T>* sum) { done(m, at + unit, sum); });
        }
    }

  private:
    static constexpr std::int64_t width = sums * panel_units<T>(sums);

    const T* panel(std::int64_t at) const { return weights_ + at * depth_ * sums; }

    static Range trimmed(const T* panel, Range own) {
        static constexpr T zeros[width]{};
        const auto zero = [&](std::int64_t k) { return !std::memcmp(panel + k * width, zeros, sizeof zeros); };
        while (own.size() > 0 && zero(own.first)) ++own.first;
        while (own.size() > 0 && zero(own.last - 1)) --own.last;
        return own;
    }

    const T* weights_;
    const std::int64_t depth_, first_;
    std::vector<std::vector<Range>> reach_;  // of each panel
    std::vector<const T*> moved_;
};

}  // namespace throughtime::THROUGHTIME_TARGET
