// The Python module: addresses in, nothing kept. The Python side checks shapes, dtypes and contiguity before it calls.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "core.hpp"

namespace nb = nanobind;
using namespace throughtime;

namespace {

std::vector<const Target*> supported() {
    std::vector<const Target*> targets;
#if defined(THROUGHTIME_X86)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw"))
        targets.push_back(&avx512_target());
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) targets.push_back(&avx2_target());
#endif
    targets.push_back(&portable_target());
    return targets;
}

const Target& named(const std::string& name) {
    for (const Target* target : supported())
        if (target->name == name) return *target;
    throw nb::value_error(("this CPU does not run the target " + name).c_str());
}

using Address = std::uintptr_t;

template <class T>
T* at(Address address) {
    return reinterpret_cast<T*>(address);
}

struct Sweep {
    const Target* target;
    Cell cell;
    bool is_double;
    std::vector<std::int64_t> sizes, starts;
    Shape shape;

    Sweep(const std::string& target_name, int cell_index, bool is_double_, std::int64_t hidden, std::int64_t batch,
          std::vector<std::int64_t> sizes_, bool reverse, int threads)
        : target(&named(target_name)), cell(static_cast<Cell>(cell_index)), is_double(is_double_),
          sizes(std::move(sizes_)), starts(sizes.size()), shape{} {
        for (std::size_t t = 1; t < sizes.size(); ++t) starts[t] = starts[t - 1] + sizes[t - 1];
        shape = {hidden, batch, static_cast<std::int64_t>(sizes.size()), sizes.data(), starts.data(), reverse, nullptr,
                 threads, {}};
    }
    Sweep(const Sweep&) = delete;

    template <class T>
    void forward(const std::vector<Address>& p, std::int64_t from_x_stride, std::int64_t y_stride) const {
        const Forward<T> f{at<const T>(p[0]), from_x_stride,        at<const T>(p[1]), at<const T>(p[2]),
                           at<const T>(p[3]), at<const T>(p[4]),    at<T>(p[5]),       y_stride,
                           at<T>(p[6]),       at<T>(p[7]),          at<T>(p[8])};
        if constexpr (sizeof(T) == 8) target->forward_double(cell, shape, f);
        else target->forward_float(cell, shape, f);
    }

    template <class T>
    void backward(const std::vector<Address>& p, std::int64_t grad_y_stride, std::int64_t y_stride) const {
        const Backward<T> b{at<const T>(p[0]), at<const T>(p[1]), grad_y_stride,     at<const T>(p[2]),
                            y_stride,          at<const T>(p[3]), at<const T>(p[4]), at<const T>(p[5]),
                            at<T>(p[6]),       at<T>(p[7]),       at<T>(p[8]),       at<T>(p[9])};
        if constexpr (sizeof(T) == 8) target->backward_double(cell, shape, b);
        else target->backward_float(cell, shape, b);
    }

    void run(bool is_backward, const std::vector<Address>& pointers, std::int64_t first_stride, std::int64_t y_stride,
             Address resets, const Noise& noise) {
        const std::size_t expected = is_backward ? 10 : 9;
        if (pointers.size() != expected) throw nb::value_error("a sweep takes nine addresses, its backward pass ten");
        shape.resets = at<const std::uint8_t>(resets);
        shape.noise = noise;
        nb::gil_scoped_release unlocked;
        if (is_double)
            is_backward ? backward<double>(pointers, first_stride, y_stride)
                        : forward<double>(pointers, first_stride, y_stride);
        else
            is_backward ? backward<float>(pointers, first_stride, y_stride)
                        : forward<float>(pointers, first_stride, y_stride);
    }
};

std::vector<std::string> target_names() {
    std::vector<std::string> names;
    for (const Target* target : supported()) names.emplace_back(target->name);
    return names;
}

void pack(const std::string& target, int cell, bool is_double, Address w, std::int64_t hidden, bool backward,
          Address packed) {
    const Target& chosen = named(target);
    nb::gil_scoped_release unlocked;
    if (is_double)
        chosen.pack_double(static_cast<Cell>(cell), at<const double>(w), hidden, backward, at<double>(packed));
    else
        chosen.pack_float(static_cast<Cell>(cell), at<const float>(w), hidden, backward, at<float>(packed));
}

}  // namespace

NB_MODULE(_native, m) {
    m.doc() = "The time loop in C++.";
    m.def("targets", &target_names, "CPU targets that this machine runs, the fastest first.");
    m.def("packed_size", [](const std::string& target, int cell, std::int64_t hidden, bool backward, bool is_double) {
        return named(target).packed_size(static_cast<Cell>(cell), hidden, backward, is_double);
    });
    m.def("digest", [](const std::string& target, Address address, std::int64_t bytes) {
        const Target& chosen = named(target);
        nb::gil_scoped_release unlocked;
        return chosen.digest(at<const char>(address), bytes);
    });
    m.def("pack", &pack);
    m.def("exercise", [](const std::string& target, int function, Address x, Address y, std::int64_t n) {
        named(target).exercise(function, at<const float>(x), at<float>(y), n);
    });
    nb::class_<Noise>(m, "Noise")
        .def("__init__",
             [](Noise* self, double zoneout_h, double zoneout_c, double dropout, bool training, std::uint64_t seed,
                std::int64_t layer, Address row_ids) {
                 new (self) Noise{zoneout_h, zoneout_c, dropout, training, seed, layer, at<const std::int64_t>(row_ids)};
             });
    nb::class_<Sweep>(m, "Sweep")
        .def(nb::init<const std::string&, int, bool, std::int64_t, std::int64_t, std::vector<std::int64_t>, bool, int>())
        .def("run", &Sweep::run);
}
