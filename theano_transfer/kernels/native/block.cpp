// Two or three convolutions in a row: one by one, or in one pass where their shapes allow it.
#include "arrays.h"
#include "depthwise_block.h"
#include "folded.h"
#include "geometry.h"
#include "tuning.h"

namespace tt {
namespace {

// A stage with what its shapes say.
struct Known {
    const Stage& stage;
    dims input, filters;
    Geometry geometry;
    dims output;
    Folded folded;

    Known(const Stage& s, const dims& images)
        : stage(s),
          input(images),
          filters(shape_of(s.filters)),
          geometry(s.params, {filters[2], filters[3]}),
          output(geometry.output_shape(input, filters)),
          folded(s.normalises ? &s.normalisation : nullptr, s.bias, filters[0]) {
        geometry.check(input, filters, output);
    }

    bool is_pointwise() const {
        return geometry.is_pointwise(filters) && geometry.stride == dims{1, 1};
    }
    bool is_depthwise() const {
        return geometry.groups == input[1] && filters[0] == input[1] &&
               filters[2] == filters[3] && geometry.stride[0] == geometry.stride[1] &&
               geometry.dilation == dims{1, 1};
    }

    // Its shifts, or zeros where it has none.
    std::vector<float> shifts() const {
        return folded.shift.empty() ? std::vector<float>(filters[0]) : folded.shift;
    }
    Ending ending(const std::vector<float>& shifts) const {
        return {shifts.data(), bounds_of((Activation)stage.params.activation)};
    }
};

bool fits(const std::vector<Known>& stages) {
    const size_t count = stages.size();
    return stages[count - 1].is_pointwise() && stages[count - 2].is_depthwise() &&
           (count == 2 || stages[0].is_pointwise());
}

DepthwiseBlock description_of(const std::vector<Known>& stages) {
    const Known &first = stages.front(), &last = stages.back(),
                &depthwise = stages[stages.size() - 2];
    return {stages.size() == 3,
            first.input[0],
            first.input[2],
            first.input[3],
            first.input[1],
            depthwise.output[1],
            last.output[1],
            last.output[2],
            last.output[3],
            depthwise.filters[2],
            depthwise.geometry.stride[0],
            depthwise.geometry.pad_before[0],
            depthwise.geometry.pad_before[1]};
}

// Each by itself. After an error, which Python knows of then, the others are left out.
void convolve_one_by_one(const std::vector<Known>& stages, PackedStages& packed,
                         PyArrayObject* images, PyArrayObject* residual, PyArrayObject** output) {
    PyArrayObject* between[2] = {nullptr, nullptr};
    for (size_t i = 0; i < stages.size(); ++i) {
        const Stage& s = stages[i].stage;
        const bool last = i + 1 == stages.size();
        if (convolve(s.params, &packed.stages[i], i == 0 ? images : between[i - 1], s.filters,
                     s.bias, s.normalises ? &s.normalisation : nullptr, last ? residual : nullptr,
                     last ? output : &between[i]) != 0)
            break;
    }
    for (PyArrayObject* array : between) Py_XDECREF(array);
}

}  // namespace

int convolve_block(const Stage* given, int count, PackedStages& packed, PyArrayObject* images,
                   PyArrayObject* residual, PyArrayObject** output) {
    return guarded("block of convolutions", [&] {
        std::vector<Known> stages;
        stages.reserve(count);
        std::vector<int64_t> key = shape_of(images);
        for (int i = 0; i < count; ++i) {
            stages.emplace_back(given[i], i == 0 ? shape_of(images) : stages[i - 1].output);
            const Known& k = stages.back();
            append(key, k.filters);
            k.geometry.append_to(key);
        }
        const data_type type = type_of(images);
        key.push_back(residual != nullptr);
        key.push_back((int64_t)type);
        const dims shape = stages.back().output;
        if (residual != nullptr && shape_of(residual) != shape)
            throw std::invalid_argument("what is added has shape " +
                                        Geometry::text(shape_of(residual)) + ", the output " +
                                        Geometry::text(shape));
        const auto one_by_one = [&] {
            convolve_one_by_one(stages, packed, images, residual, output);
        };
        if (is_empty(shape) || !fits(stages)) return one_by_one();
        const DepthwiseBlock block = description_of(stages);
        const bool taken = for_number(
            type, [&](auto number) { return block.is_taken<decltype(number)>(); });
        if (!taken) return one_by_one();

        if (*output == residual || *output == images) Py_CLEAR(*output);
        allocate(output, shape, /*last=*/true, type);
        uint64_t mark = 0;
        for (const Known& k : stages)
            mark = mixed(mixed(mark, fingerprint(k.stage.filters)), k.folded.fingerprint());
        Packer packer(&packed.together, mark);
        const Known &narrow = stages.back(), &depthwise = stages[count - 2];
        const Known* widen = block.widens ? &stages[0] : nullptr;
        const auto pass = [&](auto number) {
            using Number = decltype(number);
            const Packed filters = packer.get(
                {2, (int64_t)type}, depthwise_block_packed_size<Number>(block), [&](float* to) {
                    const Contiguous a(stages[0].stage.filters), b(depthwise.stage.filters),
                        c(narrow.stage.filters);
                    depthwise_block_pack<Number>(block, {a.data(), b.data(), c.data()},
                                                 {stages[0].folded.scales(),
                                                  depthwise.folded.scales(),
                                                  narrow.folded.scales()},
                                                 to);
                });
            const Tensor source(images);
            const std::unique_ptr<Tensor> added(residual ? new Tensor(residual) : nullptr);
            const auto first = widen ? widen->shifts() : std::vector<float>();
            const auto second = depthwise.shifts(), third = narrow.shifts();
            const Ending widened = widen ? widen->ending(first) : Ending{nullptr, no_bounds};
            Number* const to = (Number*)PyArray_DATA(*output);

            const WithoutLock unlocked;
            const dnnl::memory from = source.in_layout(channels_last(stages[0].input, type));
            const dnnl::memory other =
                added ? added->in_layout(channels_last(shape, type)) : dnnl::memory();
            stream().wait();
            depthwise_block(block, (const Number*)from.get_data_handle(), filters->data(), widened,
                            depthwise.ending(second), narrow.ending(third),
                            added ? (const Number*)other.get_data_handle() : nullptr, to);
        };
        const auto in_one_pass = [&] { for_number(type, pass); };
        const std::vector<Candidate> candidates{{"one_by_one", one_by_one},
                                                {"one_pass", in_one_pass}};
        const size_t best = fastest("block of convolutions", packer.prepares(), key, candidates);
        candidates[best].run();
        if (best == 1)  // measuring may have packed filters for the others
            for (PackedFilters*& stage : packed.stages) {
                release(stage);
                stage = nullptr;
            }
    });
}

void release(PackedStages& packed) {
    for (PackedFilters* stage : packed.stages) release(stage);
    release(packed.together);
    packed = {};
}

}  // namespace tt
