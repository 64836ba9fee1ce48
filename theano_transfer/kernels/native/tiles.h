// Tiles of outputs that minimal filtering computes at once, whatever its size: where they lie, and
// who computes which.
#pragma once

#include <algorithm>

#include "gemm.h"
#include "plane.h"

namespace tt {

// The tiles of all images, of `outputs` by `outputs` each, one after the other.
template <int outputs>
struct Tiles {
    const Plane& plane;
    int64_t per_column = (plane.out_rows + outputs - 1) / outputs;
    int64_t per_row = (plane.out_columns + outputs - 1) / outputs;
    int64_t count = plane.batch * per_column * per_row;

    struct Place {
        int64_t image, row, column;  // of the first output
        int64_t high, wide;          // how many outputs there are, at the border fewer
    };
    Place place(int64_t tile) const {
        const int64_t row = tile / per_row % per_column * outputs;
        const int64_t column = tile % per_row * outputs;
        return {tile / (per_column * per_row), row, column,
                std::min<int64_t>(outputs, plane.out_rows - row),
                std::min<int64_t>(outputs, plane.out_columns - column)};
    }
};

// One vector of channels of a tile's `inputs` by `inputs` inputs, zero outside of the image.
template <int inputs, typename Number, typename Place>
inline void load_inputs(const Plane& plane, const Number* images, const Place& place,
                        int64_t channel, vec* d) {
    const int64_t row = place.row - plane.pad_top, column = place.column - plane.pad_left;
    const Number* from =
        images + ((place.image * plane.rows + row) * plane.columns + column) * plane.in + channel;
    if (row >= 0 && column >= 0 && row + inputs <= plane.rows && column + inputs <= plane.columns) {
        for (int i = 0; i < inputs; ++i)
            for (int j = 0; j < inputs; ++j)
                d[i * inputs + j] = load(from + (i * plane.columns + j) * plane.in);
        return;
    }
    for (int i = 0; i < inputs; ++i)
        for (int j = 0; j < inputs; ++j) {
            const bool inside = row + i >= 0 && row + i < plane.rows && column + j >= 0 &&
                                column + j < plane.columns;
            d[i * inputs + j] =
                inside ? load(from + (i * plane.columns + j) * plane.in) : vec{};
        }
}

// Writes one row of a tile's outputs, finished: a vector of channels of each, from `channel` on.
template <typename Number, typename Place>
inline void write_row(const Plane& plane, const Finish<Number>& finish, const Place& place,
                      int64_t row, int64_t channel, const vec* r, Number* output) {
    const int64_t line = place.image * plane.out_rows + place.row + row;
    int64_t at = (line * plane.out_columns + place.column) * plane.out + channel;
    for (int64_t j = 0; j < place.wide; ++j, at += plane.out)
        store(output + at, finish(r[j], channel, at));
}

// The positions of a filter.
constexpr int taps = 9;

// Calls `body(panel, in, column, weights)` for all filters of 3x3, turned around where `transposed`
// and multiplied by the `scale` of their output (null: 1); what is left of the last panel gets
// zeros.
template <typename Body>
void for_filters(const float* filters, int64_t in, int64_t out, bool transposed,
                 const float* scale, Body body) {
    const int64_t out_step = transposed ? taps : in * taps;
    const int64_t in_step = transposed ? out * taps : taps;
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t panel = 0; panel < panels_of(out); ++panel)
        for (int64_t c = 0; c < in; ++c)
            for (int64_t o = 0; o < tile_columns; ++o) {
                const int64_t filter = panel * tile_columns + o;
                const float by = filter >= out ? 0.f : scale ? scale[filter] : 1.f;
                const float* from = filters + std::min(filter, out - 1) * out_step + c * in_step;
                float g[taps];
                for (int k = 0; k < taps; ++k) g[k] = by * from[transposed ? taps - 1 - k : k];
                body(panel, c, o, g);
            }
}

// The distance of one product to the next: with an odd number of vectors they do not fall onto the
// same lines of the cache when a tile's are written one after the other.
inline int64_t apart(int64_t floats) { return (floats / lanes | 1) * lanes; }

// How tiles are shared among threads: each takes blocks of them; with few tiles, all threads share
// a block, each computing some of the panels of its outputs.
struct Schedule {
    const int64_t tiles, threads = omp_get_max_threads();
    const bool together;
    const int64_t parts = together ? 1 : threads;  // blocks at a time
    const int64_t size;                            // of a block

    // `limit`: of tiles in a block.
    Schedule(int64_t tiles, int64_t limit)
        : tiles(tiles),
          together(tiles < threads * limit / 2),
          size(blocks_of(tiles, parts * blocks_of(tiles, parts * limit))) {}

    // Called by all threads of a parallel region. `transform(tile, place)` writes the inputs of a
    // tile to a place of the thread's block, or of the common one; then `run(panel, first, count)`
    // computes one panel of the block's outputs.
    template <typename Transform, typename Run>
    void operator()(int64_t panels, Transform transform, Run run) const {
        if (together) {
            const Share my_panels(panels);
            for (int64_t first = 0; first < tiles; first += size) {
                const int64_t count = std::min(size, tiles - first);
                const Share mine(count);
                for (int64_t i = mine.first; i < mine.last; ++i) transform(first + i, i);
#pragma omp barrier
                for (int64_t panel = my_panels.first; panel < my_panels.last; ++panel)
                    run(panel, first, count);
#pragma omp barrier
            }
        } else {
#pragma omp for schedule(dynamic, 1)
            for (int64_t first = 0; first < tiles; first += size) {
                const int64_t count = std::min(size, tiles - first);
                for (int64_t i = 0; i < count; ++i) transform(first + i, i);
                for (int64_t panel = 0; panel < panels; ++panel) run(panel, first, count);
            }
        }
    }
};

}  // namespace tt
