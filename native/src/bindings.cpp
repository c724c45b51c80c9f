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
        __builtin_cpu_supports("avx512bw")) {
        if (__builtin_cpu_supports("avx512bf16")) targets.push_back(&avx512bf16_target());
        targets.push_back(&avx512_target());
    }
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

// Reads addresses off one after the other, in the order in which a struct's fields stand.
struct Addresses {
    const std::vector<Address>& list;
    std::size_t next = 0;

    template <class T>
    operator T*() {
        return at<T>(list[next++]);
    }
};

void require(bool right, const char* message) {
    if (!right) throw nb::value_error(message);
}

struct Sweep {
    const Target& target;
    Cell cell;
    std::vector<std::int64_t> sizes, starts;
    Shape shape;

    Sweep(const std::string& target_name, int cell_number, std::int64_t input, std::int64_t hidden, std::int64_t width,
          std::int64_t batch, std::vector<std::int64_t> sizes_, bool reverse, int threads, Address resets,
          const Noise& noise)
        : target(named(target_name)), cell(static_cast<Cell>(cell_number)), sizes(std::move(sizes_)),
          starts(sizes.size()), shape{} {
        require(cell_number >= 0 && cell_number <= static_cast<int>(Cell::gru_reset_before), "there is no such cell");
        require(input > 0 && hidden > 0 && width > 0 && batch >= 0, "a size is not positive");
        for (std::size_t t = 0; t < sizes.size(); ++t) {
            require(0 < sizes[t] && sizes[t] <= (t ? sizes[t - 1] : batch), "sizes are positive and never increase");
            starts[t] = t ? starts[t - 1] + sizes[t - 1] : 0;
        }
        shape = {.input = input,
                 .hidden = hidden,
                 .width = width,
                 .batch = batch,
                 .steps = static_cast<std::int64_t>(sizes.size()),
                 .sizes = sizes.data(),
                 .starts = starts.data(),
                 .reverse = reverse,
                 .resets = at<const std::uint8_t>(resets),
                 .threads = threads,
                 .noise = noise};
    }
    Sweep(const Sweep&) = delete;

    template <class T>
    static Extras<T> extras(Addresses& from) {
        return {from, from, from, from, from, from, from, from};
    }

    template <class T, class S>
    Forward<T, S> forward_of(const std::vector<Address>& list, std::int64_t x_stride, std::int64_t y_stride) const {
        require(list.size() == 22, "a forward sweep takes 22 addresses");
        Addresses from{list};
        return {from, x_stride, from, from, from, from, from, from, extras<T>(from), from, from, from, y_stride,
                from, from, from, from};
    }

    template <class T>
    Backward<T> backward_of(const std::vector<Address>& list, std::int64_t grad_y_stride, std::int64_t y_stride) const {
        require(list.size() == 26, "a backward sweep takes 26 addresses");
        Addresses from{list};
        return {from, from, from, extras<T>(from), from, grad_y_stride, from, y_stride, from, from, from, from,
                from, from, from, from, from, from, from, from, from};
    }

    void forward(const std::string& dtype, const std::vector<Address>& list, std::int64_t x_stride,
                 std::int64_t y_stride) const {
        const auto run = [&]<class T, class S>(void (*sweep)(Cell, const Shape&, const Forward<T, S>&)) {
            require(sweep, "this target has no such sweep");
            const Forward<T, S> f = forward_of<T, S>(list, x_stride, y_stride);
            nb::gil_scoped_release unlocked;
            sweep(cell, shape, f);
        };
        if (dtype == "float64") return run(target.forward_double);
        if (dtype == "bfloat16") return run(target.forward_bfloat16);
        run(target.forward_float);
    }

    void backward(const std::string& dtype, const std::vector<Address>& list, std::int64_t grad_y_stride,
                  std::int64_t y_stride) const {
        const auto run = [&]<class T>(void (*sweep)(Cell, const Shape&, const Backward<T>&)) {
            const Backward<T> b = backward_of<T>(list, grad_y_stride, y_stride);
            nb::gil_scoped_release unlocked;
            sweep(cell, shape, b);
        };
        if (dtype == "float64") return run(target.backward_double);
        run(target.backward_float);
    }

    std::int64_t sums() const { return sums_width(cell, shape); }
};

std::vector<std::string> target_names() {
    std::vector<std::string> names;
    for (const Target* target : supported()) names.emplace_back(target->name);
    return names;
}

void pack(const std::string& target, const std::string& dtype, int sums, Address w, std::int64_t units,
          std::int64_t depth, bool backward, Address packed, int threads) {
    const Target& chosen = named(target);
    nb::gil_scoped_release unlocked;
    if (dtype == "float64")
        chosen.pack_double(sums, at<const double>(w), units, depth, backward, at<double>(packed), threads);
    else if (dtype == "bfloat16")
        chosen.pack_bfloat16(sums, at<const Bfloat16>(w), units, depth, at<Bfloat16>(packed), threads);
    else
        chosen.pack_float(sums, at<const float>(w), units, depth, backward, at<float>(packed), threads);
}

template <class T>
void run_product(void (*product)(const Product<T>&, int), const std::vector<std::int64_t>& sizes,
                 const std::vector<Address>& list, int threads) {
    require(sizes.size() == 5 && list.size() == 4, "a product takes five sizes and four addresses");
    const Product<T> p{sizes[0], sizes[1], sizes[2], at<const T>(list[0]), sizes[3], at<const T>(list[1]), sizes[4],
                       at<T>(list[2]), at<T>(list[3])};
    nb::gil_scoped_release unlocked;
    product(p, threads);
}

}  // namespace

NB_MODULE(_native, m) {
    m.doc() = "The time loop in C++.";
    m.def("targets", &target_names, "CPU targets that this machine runs, the fastest first.");
    m.def("has_bfloat16", [](const std::string& target) { return named(target).forward_bfloat16 != nullptr; });
    m.def("packed_size", [](const std::string& target, int sums, std::int64_t units, std::int64_t depth, bool backward,
                            int bytes) { return named(target).packed_size(sums, units, depth, backward, bytes); });
    m.def("saved", [](int cell, bool zones, bool projected, bool normed) {
        const Saved kept = saved(static_cast<Cell>(cell), {zones, projected, normed});
        return std::vector<int>{kept.slots, kept.normed};
    });
    m.def("digest", [](const std::string& target, Address address, std::int64_t bytes) {
        const Target& chosen = named(target);
        nb::gil_scoped_release unlocked;
        return chosen.digest(at<const char>(address), bytes);
    });
    m.def("pack", &pack);
    m.def("product", [](const std::string& target, const std::string& dtype, const std::vector<std::int64_t>& sizes,
                        const std::vector<Address>& list, int threads) {
        const Target& chosen = named(target);
        if (dtype == "float64") run_product(chosen.product_double, sizes, list, threads);
        else run_product(chosen.product_float, sizes, list, threads);
    });
    m.def("exercise", [](const std::string& target, int function, Address x, Address y, std::int64_t n) {
        named(target).exercise(function, at<const float>(x), at<float>(y), n);
    });
    m.def("peak", [](const std::string& target, bool bfloat16, int threads) {
        const Target& chosen = named(target);
        nb::gil_scoped_release unlocked;
        return chosen.peak(bfloat16, threads);
    }, "Multiplications and additions per second, measured.");
    nb::class_<Noise>(m, "Noise")
        .def("__init__",
             [](Noise* self, double zoneout_h, double zoneout_c, double dropout, bool training, std::uint64_t seed,
                std::int64_t layer, Address row_ids, std::int64_t first_step) {
                 new (self) Noise{zoneout_h, zoneout_c, dropout, training, seed, layer, at<const std::int64_t>(row_ids),
                                  first_step};
             });
    nb::class_<Sweep>(m, "Sweep")
        .def(nb::init<const std::string&, int, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                      std::vector<std::int64_t>, bool, int, Address, const Noise&>())
        .def("forward", &Sweep::forward)
        .def("backward", &Sweep::backward)
        .def("sums", &Sweep::sums, "Numbers in one thread's sums of gradients.");
}
