#include "depthwise_block.h"

#include <algorithm>

#include "blocks.h"
#include "gemm.h"

namespace tt {
namespace {

int64_t vectors_of(int64_t channels) { return blocks_of(channels, lanes); }

// The first channel of a vector of outputs. The last vector overlaps the one before it, so that
// none is written in part, unless there are fewer channels than lanes.
int64_t first_channel(int64_t vector, int64_t channels) {
    return std::max<int64_t>(0, std::min(vector * lanes, channels - lanes));
}

// How the work is cut: `step` rows of outputs at a time, for which `slots` rows of wide images are
// held, each of `padded` columns.
template <typename Number>
struct Cut {
    int64_t step, slots, padded, wide, steps;

    explicit Cut(const DepthwiseBlock& b) {
        constexpr int64_t pixels = 4 * tile_rows;  // enough for each filter that is loaded
        step = std::min(b.out_rows, blocks_of(pixels, b.out_columns));
        slots = (step - 1) * b.stride + b.window;
        padded = std::max(b.pad_left + b.columns, (b.out_columns - 1) * b.stride + b.window);
        wide = vectors_of(b.middle);
        steps = blocks_of(b.out_rows, step);
    }
    int64_t slot_size() const { return wide * padded * lanes; }
    int64_t pixels(const DepthwiseBlock& b) const { return step * b.out_columns; }
    int64_t ring_size() const { return slots * slot_size(); }
    int64_t zeros_size() const { return padded * lanes; }
    int64_t filtered_size(const DepthwiseBlock& b) const {
        return blocks_of(b.middle / per_word<Number>, block_depth) * pixels(b) * pitch;
    }
    int64_t copied_size(const DepthwiseBlock& b) const {
        return b.widens ? slots * b.columns * pitch : 0;
    }
    int64_t floats(const DepthwiseBlock& b) const {
        return ring_size() + zeros_size() + filtered_size(b) + copied_size(b);
    }
};

// Pixels (rows of `left`, `pitch` apart) times one panel of filters that widen. Each vector of
// channels has its own place to go to.
template <typename Number, int rows, int vectors>
void widen_tile(int64_t depth, const float* left, const float* right, const Ending& ending,
                int64_t channel, float* to, int64_t vector_step) {
    vec sum[rows][vectors];
#pragma GCC unroll 2
    for (int j = 0; j < vectors; ++j) {
        const vec shift = load(ending.shift + channel + j * lanes);
#pragma GCC unroll 14
        for (int i = 0; i < rows; ++i) sum[i][j] = shift;
    }
#pragma GCC unroll 1
    for (int64_t k = 0; k < depth; ++k) {
        vec b[vectors];
#pragma GCC unroll 2
        for (int j = 0; j < vectors; ++j) b[j] = load(right + k * tile_columns + j * lanes);
#pragma GCC unroll 14
        for (int i = 0; i < rows; ++i) {
            const vec a = splat(left[k + i * pitch]);
#pragma GCC unroll 2
            for (int j = 0; j < vectors; ++j)
                sum[i][j] = multiply_add<Number>(sum[i][j], a, b[j]);
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int j = 0; j < vectors; ++j)
            store(to + j * vector_step + i * lanes, ending.bounds(sum[i][j]));
}

// `columns` outputs of one vector of channels. `rows` are those of its inputs, from the first
// column that the window touches.
template <typename Number, int window, int stride, int columns>
void filter_columns(const float* const* rows, const float* filters, const Ending& ending,
                    vec shift, Number* to) {
    vec sum[columns];
#pragma GCC unroll 8
    for (int x = 0; x < columns; ++x) sum[x] = shift;
#pragma GCC unroll 7
    for (int i = 0; i < window; ++i) {
        vec w[window];
#pragma GCC unroll 7
        for (int j = 0; j < window; ++j) w[j] = load(filters + (i * window + j) * lanes);
#pragma GCC unroll 24
        for (int c = 0; c < (columns - 1) * stride + window; ++c) {
            const vec value = load(rows[i] + c * lanes);
#pragma GCC unroll 8
            for (int x = 0; x < columns; ++x) {
                const int j = c - x * stride;
                if (j >= 0 && j < window) sum[x] += value * w[j];
            }
        }
    }
#pragma GCC unroll 8
    for (int x = 0; x < columns; ++x) 
        store(to + x * pitch * per_word<Number>, ending.bounds(sum[x]));
}

constexpr int columns_at_once = 8;

template <typename Number, int window, int stride, int columns = columns_at_once>
void filter_row(int count, const float* const* rows, const float* filters, const Ending& ending,
                vec shift, Number* to) {
    if constexpr (columns > 1) {
        if (count < columns)
            return filter_row<Number, window, stride, columns - 1>(count, rows, filters, ending,
                                                                   shift, to);
    }
    filter_columns<Number, window, stride, columns>(rows, filters, ending, shift, to);
}

template <typename Number>
using FilterRow = void (*)(int, const float* const*, const float*, const Ending&, vec, Number*);

// Null for others than the windows and strides that networks have.
template <typename Number>
FilterRow<Number> filter_row_of(int64_t window, int64_t stride) {
    if (window == 3 && stride == 1) return filter_row<Number, 3, 1>;
    if (window == 3 && stride == 2) return filter_row<Number, 3, 2>;
    if (window == 5 && stride == 1) return filter_row<Number, 5, 1>;
    if (window == 5 && stride == 2) return filter_row<Number, 5, 2>;
    return nullptr;
}

// widen_tile for a number of rows known only at run time.
template <typename Number, int vectors, int rows = tile_rows>
void widen_rows(int count, int64_t depth, const float* left, const float* right,
                const Ending& ending, int64_t channel, float* to, int64_t vector_step) {
    if constexpr (rows > 1) {
        if (count < rows)
            return widen_rows<Number, vectors, rows - 1>(count, depth, left, right, ending,
                                                         channel, to, vector_step);
    }
    widen_tile<Number, rows, vectors>(depth, left, right, ending, channel, to, vector_step);
}

// Where the three kinds of filters lie in what is packed.
template <typename Number>
struct Layout {
    int64_t depth, middle_depth;  // of the filters that widen and that narrow, in floats
    int64_t depthwise, narrow, size;

    explicit Layout(const DepthwiseBlock& b)
        : depth(b.in / per_word<Number>), middle_depth(b.middle / per_word<Number>) {
        depthwise = b.widens ? panels_of(b.middle) * depth * tile_columns : 0;
        narrow = depthwise + vectors_of(b.middle) * b.window * b.window * lanes;
        size = narrow + panels_of(b.out) * middle_depth * tile_columns;
    }
};

// What one thread works with.
template <typename Number>
class Worker {
  public:
    Worker(const DepthwiseBlock& block, const Number* images, const float* packed,
           const Ending& widened, const Ending& filtered, const Ending& narrowed,
           const Number* residual, Number* output)
        : b_(block), cut_(block), layout_(block), images_(images), packed_(packed),
          widened_(widened), filtered_(filtered), narrowed_(narrowed), residual_(residual),
          output_(output), filter_(filter_row_of<Number>(block.window, block.stride)),
          memory_(cut_.floats(block)) {
        ring_ = memory_.data();
        zeros_ = ring_ + cut_.ring_size();
        filtered_rows_ = zeros_ + cut_.zeros_size();
        copied_ = filtered_rows_ + cut_.filtered_size(block);
        std::fill_n(ring_, cut_.ring_size() + cut_.zeros_size(), 0.f);  // the edges stay so
    }

    // Steps `first` to `last` of all images, one after the other.
    void run(int64_t first, int64_t last) {
        int64_t next = 0;  // row of wide images that has not been computed yet
        for (int64_t i = first; i < last; ++i) {
            const int64_t image = i / cut_.steps, top = i % cut_.steps * cut_.step;
            const int64_t bottom = std::min(b_.out_rows, top + cut_.step);
            if (i == first || top == 0) next = 0;
            next = std::max(next, top * b_.stride - b_.pad_top);
            const int64_t end =
                std::min(b_.rows, (bottom - 1) * b_.stride - b_.pad_top + b_.window);
            copy(image, next, end);
            // A panel at a time: what was widened is filtered while it is in the first cache.
            for (int64_t panel = 0; panel < panels_of(b_.middle); ++panel) {
                if (b_.widens) widen(panel, next, end);
                filter(panel, top, bottom);
            }
            next = std::max(next, end);
            narrow(image, top, bottom);
        }
    }

  private:
    float* slot(int64_t row) const { return ring_ + row % cut_.slots * cut_.slot_size(); }

    // Brings rows of an image to where they are widened, or filtered.
    void copy(int64_t image, int64_t first, int64_t last) {
        const Number* pixels = images_ + (image * b_.rows + first) * b_.columns * b_.in;
        const int64_t count = (last - first) * b_.columns, vector_step = cut_.padded * lanes;
        for (int64_t i = 0; i < count; ++i) {
            if (b_.widens) {
                const float* from = (const float*)pixels + i * layout_.depth;
                for_vectors(layout_.depth, [&](int64_t k, int64_t n) {
                    store(copied_ + i * pitch + k, load(from + k, n));
                });
            } else {
                float* to = slot(first + i / b_.columns) + (b_.pad_left + i % b_.columns) * lanes;
                for (int64_t v = 0; v < cut_.wide; ++v)
                    store(to + v * vector_step, load(pixels + i * b_.in + v * lanes));
            }
        }
        // What the next step reads comes meanwhile.
        const char* next = (const char*)(pixels + count * b_.in);
        const int64_t bytes = cut_.step * b_.stride * b_.columns * b_.in * sizeof(Number);
        for (int64_t at = 0; at < bytes; at += 64) fetch(next + at);
    }

    void widen(int64_t panel, int64_t first, int64_t last) {
        const int64_t channel = panel * tile_columns, piece = even_piece(b_.columns, tile_rows);
        const float* right = packed_ + panel * layout_.depth * tile_columns;
        const auto tile = channel + tile_columns <= b_.middle ? widen_rows<Number, tile_vectors>
                                                              : widen_rows<Number, 1>;
        for (int64_t row = first; row < last; ++row) {
            const float* left = copied_ + (row - first) * b_.columns * pitch;
            float* to = slot(row) + (panel * tile_vectors * cut_.padded + b_.pad_left) * lanes;
            for (int64_t x = 0; x < b_.columns; x += piece)
                tile((int)std::min(piece, b_.columns - x), layout_.depth, left + x * pitch, right,
                     widened_, channel, to + x * lanes, cut_.padded * lanes);
        }
    }

    void filter(int64_t panel, int64_t top, int64_t bottom) {
        const int64_t taps = b_.window * b_.window;
        const int64_t piece = even_piece(b_.out_columns, columns_at_once);
        const int64_t end = std::min((panel + 1) * tile_vectors, cut_.wide);
        for (int64_t v = panel * tile_vectors; v < end; ++v) {
            const float* filters = packed_ + layout_.depthwise + v * taps * lanes;
            const vec shift = load(filtered_.shift + v * lanes);
            for (int64_t y = top; y < bottom; ++y) {
                const float* rows[7];
                for (int64_t i = 0; i < b_.window; ++i) {
                    const int64_t row = y * b_.stride - b_.pad_top + i;
                    rows[i] = row >= 0 && row < b_.rows ? slot(row) + v * cut_.padded * lanes
                                                        : zeros_;
                }
                Number* to = (Number*)(filtered_image(v * lanes / per_word<Number>) +
                                       (y - top) * b_.out_columns * pitch);
                for (int64_t x = 0; x < b_.out_columns; x += piece) {
                    filter_((int)std::min(piece, b_.out_columns - x), rows, filters, filtered_,
                            shift, to + x * pitch * per_word<Number>);
                    for (int64_t i = 0; i < b_.window; ++i) rows[i] += piece * b_.stride * lanes;
                }
            }
        }
    }

    // Where float `k` of the first filtered pixel lies; those of the next are `pitch` on.
    float* filtered_image(int64_t k) const {
        return filtered_rows_ + k / block_depth * cut_.pixels(b_) * pitch + k % block_depth;
    }

    void narrow(int64_t image, int64_t top, int64_t bottom) {
        const int64_t count = (bottom - top) * b_.out_columns;
        const int64_t start = (image * b_.out_rows + top) * b_.out_columns * b_.out;
        const int64_t piece = even_piece(count, tile_rows), vectors = vectors_of(b_.out);
        for (int64_t first = 0; first < vectors; first += tile_vectors) {
            const int64_t last = std::min(first + tile_vectors, vectors);
            const auto multiply = last - first == tile_vectors
                                      ? multiply_rows<tile_vectors, pitch, 1, tile_columns, Number>
                                      : multiply_rows<1, pitch, 1, tile_columns, Number>;
            const float* right =
                packed_ + layout_.narrow +
                first / tile_vectors * layout_.middle_depth * tile_columns;
            for (int64_t pixel = 0; pixel < count; pixel += piece) {
                const int rows = (int)std::min(piece, count - pixel);
                float product[tile_rows * tile_columns];
                for (int64_t k = 0; k < layout_.middle_depth; k += block_depth)
                    multiply(rows, std::min<int64_t>(block_depth, layout_.middle_depth - k),
                             filtered_image(k) + pixel * pitch, right + k * tile_columns,
                             {product, tile_columns, k > 0});
                const int64_t at = start + pixel * b_.out;
                for (int64_t vector = first; vector < last; ++vector)
                    finish(rows, product + (vector - first) * lanes, vector, at);
            }
        }
    }

    // Writes a vector of channels of some outputs, of which the first pixel lies `at`.
    void finish(int rows, const float* product, int64_t vector, int64_t at) {
        const int64_t channel = first_channel(vector, b_.out);
        const int64_t count = std::min<int64_t>(lanes, b_.out);
        const vec shift = load(narrowed_.shift + channel, count);
        at += channel;
        for (int i = 0; i < rows; ++i, at += b_.out) {
            vec y = load(product + i * tile_columns) + shift;
            if (residual_) y += load(residual_ + at, count);
            store(output_ + at, narrowed_.bounds(y), count);
        }
    }

    const DepthwiseBlock& b_;
    const Cut<Number> cut_;
    const Layout<Number> layout_;
    const Number* images_;
    const float* packed_;
    const Ending &widened_, &filtered_, &narrowed_;
    const Number* residual_;
    Number* output_;
    const FilterRow<Number> filter_;
    const Scratch memory_;
    float *ring_, *zeros_, *filtered_rows_, *copied_;
};

}  // namespace

template <typename Number>
bool DepthwiseBlock::is_taken() const {
    return middle % lanes == 0 && in % per_word<Number> == 0 &&
           in / per_word<Number> <= block_depth &&
           filter_row_of<Number>(window, stride) != nullptr;
}

template <typename Number>
size_t depthwise_block_packed_size(const DepthwiseBlock& b) {
    return Layout<Number>(b).size;
}

template <typename Number>
void depthwise_block_pack(const DepthwiseBlock& b, const BlockFilters& filters,
                          const BlockFilters& scale, float* packed) {
    const Layout<Number> layout(b);
    if (b.widens)
        pack_panels<Number>(filters.widen, scale.widen, panels_of(b.middle), b.in,
                    [&](int64_t column) { return column < b.middle ? column : -1; }, packed);
    const int64_t taps = b.window * b.window;
    for (int64_t c = 0; c < b.middle; ++c)
        for (int64_t k = 0; k < taps; ++k)
            packed[layout.depthwise + (c / lanes * taps + k) * lanes + c % lanes] =
                (scale.depthwise ? scale.depthwise[c] : 1.f) * filters.depthwise[c * taps + k];
    pack_panels<Number>(filters.narrow, scale.narrow, panels_of(b.out), b.middle,
                [&](int64_t column) {
                    const int64_t channel =
                        first_channel(column / lanes, b.out) + column % lanes;
                    return channel < b.out ? channel : -1;
                },
                packed + layout.narrow);
}

template <typename Number>
void depthwise_block(const DepthwiseBlock& block, const Number* images, const float* packed,
                     const Ending& widened, const Ending& filtered, const Ending& narrowed,
                     const Number* residual, Number* output) {
#pragma omp parallel
    {
        const Share mine(block.batch * Cut<Number>(block).steps);
        Worker<Number>(block, images, packed, widened, filtered, narrowed, residual, output)
            .run(mine.first, mine.last);
    }
}

#define INSTANTIATE(Number)                                                                    \
    template bool DepthwiseBlock::is_taken<Number>() const;                                    \
    template size_t depthwise_block_packed_size<Number>(const DepthwiseBlock&);                \
    template void depthwise_block_pack<Number>(const DepthwiseBlock&, const BlockFilters&,     \
                                               const BlockFilters&, float*);                   \
    template void depthwise_block(const DepthwiseBlock&, const Number*, const float*,          \
                                  const Ending&, const Ending&, const Ending&, const Number*,  \
                                  Number*);
INSTANTIATE(float)
INSTANTIATE(bfloat16)

}  // namespace tt
