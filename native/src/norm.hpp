// Layer norm over a row (Ba, Kiros and Hinton 2016, eq. 3-4), and its gradient.
#pragma once

#include <cmath>

#include "lanes.hpp"

namespace throughtime::THROUGHTIME_TARGET {

template <class T>
T total(Vector<T> sum) {
    T result = 0;
    for (int lane = 0; lane < Lanes<T>::width; ++lane) result += sum[lane];
    return result;
}

// Calls work(at, n) for every block of lanes in [first, last).
template <class T, class Work>
inline void in_blocks(std::int64_t first, std::int64_t last, const Work& work) {
    constexpr int width = Lanes<T>::width;
    for (std::int64_t at = first; at < last; at += width)
        work(at, static_cast<int>(std::min<std::int64_t>(width, last - at)));
}

template <class T>
struct Moments {
    T mean, scale;  // scale = 1 / sqrt(variance + epsilon)
};

// In two passes: a row is in the nearest cache, and the difference of large squares would cost digits.
template <class T>
Moments<T> moments(const T* row, std::int64_t size) {
    Vector<T> sum{}, squares{};
    in_blocks<T>(0, size, [&](std::int64_t at, int n) { sum += load<T>(row + at, n); });
    const T mean = total<T>(sum) / static_cast<T>(size);
    in_blocks<T>(0, size, [&](std::int64_t at, int n) {
        Vector<T> off = load<T>(row + at, n) - mean;
        for (int lane = n; lane < Lanes<T>::width; ++lane) off[lane] = 0;
        squares += off * off;
    });
    return {mean, T(1) / std::sqrt(total<T>(squares) / static_cast<T>(size) + T(1e-5))};
}

// Over a row: the mean of some values, and of their products with the normalised row.
template <class T>
struct Means {
    T plain, slope;
};

template <class T, class Value, class Normed>
Means<T> means(std::int64_t size, const Value& value, const Normed& normed) {
    Vector<T> plain{}, slope{};
    in_blocks<T>(0, size, [&](std::int64_t at, int n) {
        const Vector<T> own = value(at, n);
        plain += own, slope += own * normed(at, n);
    });
    return {total<T>(plain) / static_cast<T>(size), total<T>(slope) / static_cast<T>(size)};
}

}  // namespace throughtime::THROUGHTIME_TARGET
