// Products of small matrices that lie in the cache: what every convolution here comes down to.
#pragma once

#include <omp.h>

#include "simd.h"

namespace tt {

// Rows and vectors of columns of the product that one step keeps in registers.
constexpr int tile_rows = registers == 32 ? 14 : 6;
constexpr int tile_vectors = 2;
constexpr int tile_columns = tile_vectors * lanes;

// A block of the left matrix has up to `block_depth` columns. Its rows lie `pitch` apart: a
// constant, so that the code addresses them without arithmetic, and no power of two, so that they
// do not fall onto the same lines of the cache.
constexpr int block_depth = 256;
constexpr int pitch = block_depth + 16;

// The right matrix lies in panels of `tile_columns` columns, depth by depth.
//
// Depths and steps are counted in floats. With bfloat16, two numbers of a row of the left matrix,
// and of a column of the right one, stand in the place of one.

// What becomes of a tile of the product: here, it is written to a matrix, or added to one.
struct Matrix {
    float* product;
    int64_t pitch;
    bool accumulate;  // whether the sums start from what `before` says, or from 0

    vec before(int row, int vector) const { return load(product + row * pitch + vector * lanes); }
    void take(int row, int vector, vec sum) const {
        store(product + row * pitch + vector * lanes, sum);
    }
    // Called at each depth: may fetch what will be needed after this tile.
    ALWAYS_INLINE void meanwhile(int64_t) const {}
};

template <int rows, int vectors, int row_step, int depth_step, int right_step,
          typename Number = float, typename Target = Matrix>
inline void multiply_tile(int64_t depth, const float* left, const float* right,
                          const Target& target) {
    vec sum[rows][vectors];
    if (target.accumulate) {
#pragma GCC unroll 14
        for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
            for (int j = 0; j < vectors; ++j) sum[i][j] = target.before(i, j);
    } else {
#pragma GCC unroll 14
        for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
            for (int j = 0; j < vectors; ++j) sum[i][j] = vec{};
    }
#pragma GCC unroll 1
    for (int64_t k = 0; k < depth; ++k) {
        vec b[vectors];
#pragma GCC unroll 2
        for (int j = 0; j < vectors; ++j) {
            b[j] = load(right + k * right_step + j * lanes);
            // A panel may be read by few tiles, from memory: the next one comes meanwhile.
            fetch(right + (depth + k) * right_step + j * lanes);
        }
        target.meanwhile(k);
#pragma GCC unroll 14
        for (int i = 0; i < rows; ++i) {
            const vec a = splat(left[k * depth_step + i * row_step]);
#pragma GCC unroll 2
            for (int j = 0; j < vectors; ++j)
                sum[i][j] = multiply_add<Number>(sum[i][j], a, b[j]);
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int j = 0; j < vectors; ++j) target.take(i, j, sum[i][j]);
}

// multiply_tile for a number of rows known only at run time.
template <int vectors, int row_step, int depth_step, int right_step, typename Number = float,
          typename Target = Matrix, int rows = tile_rows>
inline void multiply_rows(int count, int64_t depth, const float* left, const float* right,
                          const Target& target) {
    if constexpr (rows > 1) {
        if (count < rows) {
            multiply_rows<vectors, row_step, depth_step, right_step, Number, Target, rows - 1>(
                count, depth, left, right, target);
            return;
        }
    }
    multiply_tile<rows, vectors, row_step, depth_step, right_step, Number>(depth, left, right,
                                                                          target);
}

inline int64_t blocks_of(int64_t count, int64_t size) { return (count + size - 1) / size; }

// `count` cut into pieces of nearly the same size, none above `limit`: the size of the first ones.
inline int64_t even_piece(int64_t count, int64_t limit) {
    return blocks_of(count, blocks_of(count, limit));
}

inline int64_t panels_of(int64_t columns) { return blocks_of(columns, tile_columns); }

// Writes filters of `depth` numbers each as panels. The filter of column c of panel p is number
// `filter_of(p * tile_columns + c)`, none where that is negative; it is multiplied by its `scale`
// unless that is null. `depth` is a multiple of per_word<Number>.
template <typename Number, typename FilterOf>
void pack_panels(const float* filters, const float* scale, int64_t panels, int64_t depth,
                 FilterOf filter_of, float* packed) {
    constexpr int together = per_word<Number>;
#pragma omp parallel for schedule(static)
    for (int64_t panel = 0; panel < panels; ++panel)
        for (int64_t c = 0; c < tile_columns; ++c) {
            const int64_t filter = filter_of(panel * tile_columns + c);
            const float by = filter < 0 ? 0.f : scale ? scale[filter] : 1.f;
            const float* from = filters + (filter < 0 ? 0 : filter) * depth;
            Number* to = (Number*)(packed + panel * (depth / together) * tile_columns);
            for (int64_t k = 0; k < depth; ++k) {
                Number& place =
                    to[(k / together * tile_columns + c) * together + k % together];
                if constexpr (together == 1)
                    place = by * from[k];
                else
                    place = rounded(by * from[k]);
            }
        }
}

// The part of `count` that belongs to this thread.
struct Share {
    int64_t first, last;
    explicit Share(int64_t count)
        : first(count * omp_get_thread_num() / omp_get_num_threads()),
          last(count * (omp_get_thread_num() + 1) / omp_get_num_threads()) {}
};

}  // namespace tt
