// Where a sweep is in time, and the noise it meets there.
#pragma once

#include <vector>

#include "noise.hpp"
#include "threads.hpp"

namespace throughtime::THROUGHTIME_TARGET {

// Steps in the order of the direction, and where each rank's previous row is.
struct Walk {
    const Shape& shape;

    std::int64_t step(std::int64_t index) const { return shape.reverse ? shape.steps - 1 - index : index; }
    std::int64_t row(std::int64_t step, std::int64_t rank) const { return shape.starts[step] + rank; }

    // Row of the same rank one step earlier in this direction, or -1 where the initial state enters.
    std::int64_t before(std::int64_t step, std::int64_t rank) const {
        const std::int64_t other = shape.reverse ? step + 1 : step - 1;
        const bool inside = other >= 0 && other < shape.steps && rank < shape.sizes[other];
        return inside ? row(other, rank) : -1;
    }
    bool cleared(std::int64_t row) const { return shape.resets && shape.resets[row]; }

    // Row of the rank's final state, or -1 where it has no step.
    std::int64_t last(std::int64_t rank) const {
        std::int64_t length = 0;
        while (length < shape.steps && rank < shape.sizes[length]) ++length;
        return length == 0 ? -1 : row(shape.reverse ? 0 : length - 1, rank);
    }
};

// The masks of one thread's ranks, drawn anew where they change.
template <class T>
struct Masks {
    const Shape& shape;
    const Share& share;
    std::vector<T> zone_h, zone_c, hidden, product;

    Masks(const Shape& shape_, const Share& share_) : shape(shape_), share(share_) {
        const Noise& noise = shape.noise;
        const auto rows = static_cast<std::size_t>(share.count(shape.batch));
        const auto size = rows * static_cast<std::size_t>(shape.width);
        if (noise.zones()) {
            zone_h.assign(size, static_cast<T>(noise.zoneout_h));
            zone_c.assign(rows * static_cast<std::size_t>(shape.hidden), static_cast<T>(noise.zoneout_c));
        }
        if (!noise.hides()) return;
        hidden.resize(size), product.resize(size);
        const T scale = static_cast<T>(1.0 / (1.0 - noise.recurrent_dropout));
        for (int m = 0; m < share.count(shape.batch); ++m)
            draw<T>(noise, noise.recurrent_dropout, recurrent_dropout, shape.reverse, row_id(m), 0, shape.width, T(0),
                    scale, hidden.data() + m * shape.width);
    }

    std::int64_t row_id(int m) const {
        return shape.noise.row_ids ? shape.noise.row_ids[share.rank(m)] : share.rank(m);
    }

    void zone(int m, std::int64_t t) {
        const Noise& noise = shape.noise;
        if (!noise.zones() || !noise.training) return;
        const std::int64_t step = noise.first_step + t, P = shape.width, H = shape.hidden;
        draw<T>(noise, noise.zoneout_h, zoneout_h, shape.reverse, row_id(m), step, P, T(1), T(0),
                zone_h.data() + m * P);
        draw<T>(noise, noise.zoneout_c, zoneout_c, shape.reverse, row_id(m), step, H, T(1), T(0),
                zone_c.data() + m * H);
    }
    const T* zone_h_of(int m) const { return zone_h.empty() ? nullptr : zone_h.data() + m * shape.width; }
    const T* zone_c_of(int m) const { return zone_c.empty() ? nullptr : zone_c.data() + m * shape.hidden; }
    const T* hidden_of(int m) const { return hidden.empty() ? nullptr : hidden.data() + m * shape.width; }

    // h as the recurrent product sees it.
    const T* seen(int m, const T* h) {
        if (hidden.empty()) return h;
        const T* mask = hidden_of(m);
        T* out = product.data() + m * shape.width;
        for (std::int64_t k = 0; k < shape.width; ++k) out[k] = h[k] * mask[k];
        return out;
    }
};

}  // namespace throughtime::THROUGHTIME_TARGET
