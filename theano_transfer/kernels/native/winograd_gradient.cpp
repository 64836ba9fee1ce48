// The gradient by the filters.
#include "blocks.h"
#include "winograd.h"
#include "winograd_tiles.h"

namespace tt {

void winograd_grad_filters(const Plane& plane, const float* images, const float* gradient,
                           float* filters) {
    const Tiles<outputs> tiles{plane};
    const int64_t in_blocks = blocks_of(plane.in, block_depth), panels = panels_of(plane.out);
    // A block's transformed images and gradients stay in the cache; the sums over all blocks,
    // which can be larger, are read and written once per block.
    const int64_t room = (int64_t(16) << 20) / (products * 4 * (plane.in + plane.out));
    const int64_t limit = std::min<int64_t>(block_depth, std::max<int64_t>(64, room));
    const int64_t size = even_piece(tiles.count, limit);
    const int64_t image_size = apart(in_blocks * size * pitch);
    const int64_t slope_size = apart(panels * size * tile_columns);
    const int64_t sum_pitch = panels * tile_columns + lanes;
    const int64_t sum_size = apart(plane.in * sum_pitch);
    const Scratch scratch(products * (image_size + slope_size + sum_size));
    float* transformed = scratch.data();
    float* slopes = transformed + products * image_size;
    float* sums = slopes + products * slope_size;

#pragma omp parallel
    {
        for (int64_t first = 0; first < tiles.count; first += size) {
            const int64_t count = std::min(size, tiles.count - first);
            const Share mine(count), jobs(products * in_blocks * panels);
            for (int64_t tile = mine.first; tile < mine.last; ++tile) {
                const auto place = tiles.place(first + tile);
                write_inputs(plane, images, place, transformed + tile * pitch, image_size,
                             size * pitch);
                write_gradient(plane, gradient, place, slopes + tile * tile_columns, slope_size,
                               size * tile_columns);
            }
#pragma omp barrier
            for (int64_t job = jobs.first; job < jobs.last; ++job) {
                const int64_t product = job / (in_blocks * panels);
                const int64_t block = job / panels % in_blocks, panel = job % panels;
                const int64_t channels =
                    std::min<int64_t>(block_depth, plane.in - block * block_depth);
                const int64_t piece = even_piece(channels, tile_rows);
                const float* left = transformed + product * image_size + block * size * pitch;
                const float* right =
                    slopes + product * slope_size + panel * size * tile_columns;
                float* to = sums + product * sum_size + block * block_depth * sum_pitch +
                            panel * tile_columns;
                for (int64_t channel = 0; channel < channels; channel += piece)
                    multiply_rows<tile_vectors, 1, pitch, tile_columns>(
                        (int)std::min(piece, channels - channel), count, left + channel, right,
                        {to + channel * sum_pitch, sum_pitch, first > 0});
            }
#pragma omp barrier
        }
#pragma omp for schedule(static)
        for (int64_t out = 0; out < plane.out; out += lanes)
            for (int64_t channel = 0; channel < plane.in; ++channel) {
                vec half[3][inputs] = {};
                for (int i = 0; i < inputs; ++i)
                    for (int j = 0; j < inputs; ++j) {
                        const vec m = load(sums + (i * inputs + j) * sum_size +
                                           channel * sum_pitch + out);
                        for (int k = 0; k < 3; ++k) half[k][j] += (float)G.g[i][k] * m;
                    }
                for (int k = 0; k < 3; ++k)
                    for (int l = 0; l < 3; ++l) {
                        vec w = {};
                        for (int j = 0; j < inputs; ++j) w += (float)G.g[j][l] * half[k][j];
                        for (int lane = 0; lane < lanes; ++lane)
                            filters[((out + lane) * plane.in + channel) * 9 + k * 3 + l] = w[lane];
                    }
            }
    }
}

}  // namespace tt
