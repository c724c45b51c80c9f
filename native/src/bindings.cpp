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

// What is left once the other types are dealt with; an unknown one would be read as something that it is not.
void require_float32(const std::string& dtype) { require(dtype == "float32", "the core has no such type here"); }

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
        require(input > 0 && hidden > 0 && width > 0 && batch >= 0 && threads > 0, "a size is not positive");
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
        return {from, x_stride, from, from,     from, from, from, from, extras<T>(from),
                from, from,     from, y_stride, from, from, from, from};
    }

    template <class T>
    Backward<T> backward_of(const std::vector<Address>& list, std::int64_t grad_y_stride, std::int64_t y_stride) const {
        require(list.size() == 26, "a backward sweep takes 26 addresses");
        Addresses from{list};
        return {from, from,          from, extras<T>(from),  // weights
                from, grad_y_stride, from, y_stride,         // grad_y, y
                from, from,          from, from,             // h0, c0, saved, stats
                from, from,          from, from,             // grads, raw, h_prev, reset_h
                from, from,          from, from,             // grad_m, m, grad_h, grad_c
                from};                                       // sums
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
        require_float32(dtype);
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
        require_float32(dtype);
        run(target.backward_float);
    }

    std::int64_t sums() const { return sums_width(cell, shape); }
};

// The sweep of a diagonal cell, ready to run.
struct DiagonalSweep {
    Sweep sweep;  // sizes and shape
    Diagonal cell;

    DiagonalSweep(const std::string& target, int cell_number, std::int64_t hidden, std::int64_t batch,
                  std::vector<std::int64_t> sizes, bool reverse, int threads, Address resets)
        : sweep(target, 0, hidden, hidden, hidden, batch, std::move(sizes), reverse, threads, resets, Noise{}),
          cell(static_cast<Diagonal>(cell_number)) {
        require(cell_number >= 0 && cell_number <= static_cast<int>(Diagonal::paragru),
                "there is no such diagonal cell");
    }

    template <class T>
    static void read(Addresses& from, T** to, int count) {
        for (int k = 0; k < count; ++k) to[k] = from;
    }

    template <class T>
    static DiagonalForward<T> forward_of(const std::vector<Address>& list, const std::vector<std::int64_t>& strides) {
        require(list.size() == most_gates + most_numbers + 4 * most_states, "a diagonal sweep takes 15 addresses");
        require(strides.size() == most_gates, "and four strides");
        DiagonalForward<T> f{};
        Addresses from{list};
        read(from, f.x, most_gates), read(from, f.own, most_numbers), read(from, f.initial, most_states);
        read(from, f.restart, most_states), read(from, f.states, most_states), read(from, f.finals, most_states);
        std::copy(strides.begin(), strides.end(), f.x_stride);
        return f;
    }

    template <class T>
    static DiagonalBackward<T> backward_of(const std::vector<Address>& list, const std::vector<std::int64_t>& strides) {
        require(list.size() == 2 * most_gates + most_numbers + 5 * most_states + 1,
                "a diagonal gradient takes 22 addresses");
        require(strides.size() == 2 * most_gates, "and eight strides");
        DiagonalBackward<T> b{};
        Addresses from{list};
        read(from, b.x, most_gates), read(from, b.own, most_numbers), read(from, b.initial, most_states);
        read(from, b.restart, most_states), read(from, b.states, most_states), read(from, b.grad_states, most_states);
        read(from, b.grad_x, most_gates), read(from, b.grad, most_states);
        b.sums = from;
        std::copy(strides.begin(), strides.begin() + most_gates, b.x_stride);
        std::copy(strides.begin() + most_gates, strides.end(), b.grad_x_stride);
        return b;
    }

    void forward(const std::string& dtype, const std::vector<Address>& list,
                 const std::vector<std::int64_t>& strides) const {
        const bool wide = dtype == "float64";
        if (!wide) require_float32(dtype);
        const auto run = [&]<class T>(void (*sweep_over)(Diagonal, const Shape&, const DiagonalForward<T>&)) {
            const DiagonalForward<T> f = forward_of<T>(list, strides);
            nb::gil_scoped_release unlocked;
            sweep_over(cell, sweep.shape, f);
        };
        wide ? run(sweep.target.diagonal_forward_double) : run(sweep.target.diagonal_forward_float);
    }

    void backward(const std::string& dtype, const std::vector<Address>& list,
                  const std::vector<std::int64_t>& strides) const {
        const bool wide = dtype == "float64";
        if (!wide) require_float32(dtype);
        const auto run = [&]<class T>(void (*sweep_over)(Diagonal, const Shape&, const DiagonalBackward<T>&)) {
            const DiagonalBackward<T> b = backward_of<T>(list, strides);
            nb::gil_scoped_release unlocked;
            sweep_over(cell, sweep.shape, b);
        };
        wide ? run(sweep.target.diagonal_backward_double) : run(sweep.target.diagonal_backward_float);
    }
};

std::vector<std::string> target_names() {
    std::vector<std::string> names;
    for (const Target* target : supported()) names.emplace_back(target->name);
    return names;
}

void pack(const std::string& target, const std::string& dtype, int sums, Address w, std::int64_t units,
          std::int64_t depth, bool backward, Address packed, int threads) {
    const Target& chosen = named(target);
    if (dtype != "float64" && dtype != "bfloat16") require_float32(dtype);
    nb::gil_scoped_release unlocked;
    if (dtype == "float64")
        chosen.pack_double(sums, at<const double>(w), units, depth, backward, at<double>(packed), threads);
    else if (dtype == "bfloat16")
        chosen.pack_bfloat16(sums, at<const Bfloat16>(w), units, depth, at<Bfloat16>(packed), threads);
    else chosen.pack_float(sums, at<const float>(w), units, depth, backward, at<float>(packed), threads);
}

template <class T>
void run_product(void (*product)(const Product<T>&, int), const std::vector<std::int64_t>& sizes,
                 const std::vector<Address>& list, int threads) {
    require(sizes.size() == 5 && list.size() == 4, "a product takes five sizes and four addresses");
    require(threads > 0, "a product takes one thread or more");
    const Product<T> p{sizes[0], sizes[1],       sizes[2],      at<const T>(list[0]), sizes[3], at<const T>(list[1]),
                       sizes[4], at<T>(list[2]), at<T>(list[3])};
    nb::gil_scoped_release unlocked;
    product(p, threads);
}

// -- streams ----------------------------------------------------------------------------------------------------------

// How every NumPy array begins, which NumPy's binary interface has always kept. Reading it takes a tenth of the time of the
// buffer protocol, for which NumPy writes the format out as text at each call.
struct ArrayHeader {
    PyObject head;
    char* data;
    int dimensions;
    Py_ssize_t* shape;
    Py_ssize_t* strides;
    PyObject* base;
    PyObject* dtype;
    int flags;
};
constexpr int is_contiguous = 0x1, is_aligned = 0x100, is_writeable = 0x400;

// The memory of a NumPy array, if it is contiguous and aligned and has the wanted type and shape.
class Array {
  public:
    // `like` is an array of the wanted type, or null: then the buffer protocol is asked.
    Array(nb::handle array, const ArrayHeader* like, char format, std::int64_t rows, std::int64_t columns, int flags) {
        const auto* header = reinterpret_cast<const ArrayHeader*>(array.ptr());
        const int wanted = is_contiguous | is_aligned | (flags & PyBUF_WRITABLE ? is_writeable : 0);
        if (like && Py_TYPE(array.ptr()) == Py_TYPE(&like->head) && header->dtype == like->dtype &&
            header->dimensions == 2 && (header->flags & wanted) == wanted) {
            if (header->shape[0] == rows && header->shape[1] == columns) data_ = header->data;
            return;
        }
        if (!PyObject_CheckBuffer(array.ptr())) return;
        const bool held = PyObject_GetBuffer(array.ptr(), &view_, PyBUF_ND | PyBUF_FORMAT | flags) == 0;
        if (!held) {
            PyErr_Clear();
            return;
        }
        const bool fits = view_.format && view_.format[0] == format && !view_.format[1] && view_.ndim == 2 &&
                          view_.shape[0] == rows && view_.shape[1] == columns &&
                          reinterpret_cast<Address>(view_.buf) % view_.itemsize == 0;
        if (fits) data_ = view_.buf;
    }
    Array(const Array&) = delete;
    ~Array() {
        if (view_.obj) PyBuffer_Release(&view_);
    }

    void* data() const { return data_; }

  private:
    Py_buffer view_{};
    void* data_ = nullptr;
};

// A stream that Python holds.
class Streaming {
  public:
    using Sizes = std::vector<std::vector<std::int64_t>>;  // I and H of each layer
    using Lists = std::vector<std::vector<Address>>;       // the rest of each StreamLayer

    Streaming(const std::string& target, int cell, std::int64_t batch, double zoneout_h, double zoneout_c,
              const std::string& dtype, bool bfloat16, const Sizes& sizes, const Lists& layers, nb::object make)
        : format_(dtype == "float64" ? 'd' : 'f'), batch_(batch), make_(std::move(make)) {
        require(!sizes.empty() && sizes.size() == layers.size() && batch > 0, "a stream has layers and rows");
        for (const auto& layer : sizes)
            require(layer.size() == 2 && layer[0] > 0 && layer[1] > 0, "I and H are positive");
        for (std::size_t l = 1; l < sizes.size(); ++l) require(sizes[l][0] == sizes[l - 1][1], "layers fit each other");
        input_ = sizes.front()[0], output_ = sizes.back()[1];
        const StreamShape shape{static_cast<Cell>(cell), batch, zoneout_h, zoneout_c, bfloat16};
        stream_ = format_ == 'd' ? named(target).stream_double(shape, listed<double>(sizes, layers))
                                 : named(target).stream_float(shape, listed<float>(sizes, layers));
        require(stream_ != nullptr, "this target has no such stream");
        sample_ = make_();
        const auto* header = reinterpret_cast<const ArrayHeader*>(sample_.ptr());
        const Array known(sample_, nullptr, format_, batch_, output_, PyBUF_WRITABLE);
        require(known.data() != nullptr, "`make` gives an output");
        if (header->data == known.data()) like_ = header;
    }

    // One step of NumPy arrays; None where they are not of the plainest form, or another thread is at it.
    nb::object step(nb::handle x, nb::handle out) {
        const Array from(x, like_, format_, batch_, input_, 0);
        if (!from.data()) return nb::none();
        nb::object y = out.is_none() ? make_() : nb::borrow<nb::object>(out);
        const Array to(y, like_, format_, batch_, output_, PyBUF_WRITABLE);
        return to.data() && run(from.data(), to.data(), 1) ? y : nb::none();
    }

    // The same for x at an address.
    nb::object step_at(Address x) {
        nb::object y = make_();
        const Array to(y, like_, format_, batch_, output_, PyBUF_WRITABLE);
        return to.data() && run(at<const void>(x), to.data(), 1) ? y : nb::none();
    }

    bool run_at(Address x, Address y, std::int64_t steps) { return run(at<const void>(x), at<void>(y), steps); }

    bool read(std::int64_t layer, Address h, Address c) {
        if (!busy_) stream_->read(layer, at<void>(h), at<void>(c));
        return !busy_;
    }
    bool write(std::int64_t layer, Address h, Address c) {
        if (!busy_) stream_->write(layer, at<const void>(h), at<const void>(c));
        return !busy_;
    }

    // Goes on with some rows; `make` gives an output of their number.
    bool select(const std::vector<std::int64_t>& rows, nb::object make) {
        if (busy_) return false;
        require(!rows.empty(), "a stream has rows");
        for (const std::int64_t row : rows) require(0 <= row && row < batch_, "a row is one of those there are");
        batch_ = static_cast<std::int64_t>(rows.size());
        stream_->select(rows.data(), batch_);
        make_ = std::move(make);
        return true;
    }

  private:
    template <class T>
    static std::vector<StreamLayer<T>> listed(const Sizes& sizes, const Lists& layers) {
        std::vector<StreamLayer<T>> list;
        for (std::size_t l = 0; l < sizes.size(); ++l) {
            require(layers[l].size() == 5, "a layer of a stream takes five addresses");
            Addresses from{layers[l]};
            list.push_back({sizes[l][0], sizes[l][1], from, from, from, from, from});
        }
        return list;
    }

    // Python's lock is kept for short steps: to wait for it again may take longer than they do. It guards `busy_`.
    bool run(const void* x, void* y, std::int64_t steps) {
        constexpr std::int64_t is_long = 1 << 20;
        if (busy_) return false;
        if (stream_->work() * steps < is_long) return stream_->run(x, y, steps), true;
        busy_ = true;
        {
            nb::gil_scoped_release unlocked;
            stream_->run(x, y, steps);
        }
        busy_ = false;
        return true;
    }

    char format_;
    std::int64_t batch_, input_ = 0, output_ = 0;
    nb::object make_;                    // gives a new output
    nb::object sample_;                  // the first one
    const ArrayHeader* like_ = nullptr;  // how it begins
    std::unique_ptr<Stream> stream_;
    bool busy_ = false;
};

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
        if (dtype == "float64") return run_product(chosen.product_double, sizes, list, threads);
        require_float32(dtype);
        run_product(chosen.product_float, sizes, list, threads);
    });
    m.def("mask", [](const std::string& target, const std::string& dtype, std::uint64_t seed, std::int64_t layer,
                     std::uint32_t purpose, bool reverse, double p, Address rows, std::int64_t count,
                     std::int64_t units, Address out, int threads) {
        const Target& chosen = named(target);
        const Mask mask{seed, layer, purpose, reverse, p, at<const std::int64_t>(rows), count, units};
        nb::gil_scoped_release unlocked;
        if (dtype == "float64") chosen.mask_double(mask, at<double>(out), threads);
        else chosen.mask_float(mask, at<float>(out), threads);
    });
    m.def("exercise", [](const std::string& target, int function, Address x, Address y, std::int64_t n) {
        named(target).exercise(function, at<const float>(x), at<float>(y), n);
    });
    m.def(
        "peak",
        [](const std::string& target, bool bfloat16, int threads) {
            const Target& chosen = named(target);
            nb::gil_scoped_release unlocked;
            return chosen.peak(bfloat16, threads);
        },
        "Multiplications and additions per second, measured.");
    nb::class_<Noise>(m, "Noise")
        .def("__init__", [](Noise* self, double zoneout_h, double zoneout_c, double dropout, bool training,
                            std::uint64_t seed, std::int64_t layer, Address row_ids, std::int64_t first_step) {
            new (self) Noise{zoneout_h, zoneout_c, dropout, training, seed, layer, at<const std::int64_t>(row_ids),
                             first_step};
        });
    nb::class_<Sweep>(m, "Sweep")
        .def(nb::init<const std::string&, int, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                      std::vector<std::int64_t>, bool, int, Address, const Noise&>())
        .def("forward", &Sweep::forward)
        .def("backward", &Sweep::backward)
        .def("sums", &Sweep::sums, "Numbers in one thread's sums of gradients.");
    nb::class_<DiagonalSweep>(m, "DiagonalSweep")
        .def(nb::init<const std::string&, int, std::int64_t, std::int64_t, std::vector<std::int64_t>, bool, int,
                      Address>())
        .def("cut",
             [](const DiagonalSweep& self) { return self.sweep.target.diagonal_cut(self.cell, self.sweep.shape); })
        .def("sizes", [](const DiagonalSweep& self) { return self.sweep.target.diagonal_sizes(self.cell); })
        .def("forward", &DiagonalSweep::forward)
        .def("backward", &DiagonalSweep::backward);
    nb::class_<Streaming>(m, "Stream")
        .def(nb::init<const std::string&, int, std::int64_t, double, double, const std::string&, bool,
                      const Streaming::Sizes&, const Streaming::Lists&, nb::object>())
        .def("step", &Streaming::step, nb::arg("x"), nb::arg("out").none())
        .def("step_at", &Streaming::step_at)
        .def("run", &Streaming::run_at)
        .def("read", &Streaming::read)
        .def("write", &Streaming::write)
        .def("select", &Streaming::select);
}
