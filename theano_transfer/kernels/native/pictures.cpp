#include "pictures.h"

#include <algorithm>

#include "blocks.h"
#include "gemm.h"

namespace tt {
namespace {

constexpr int64_t colours = 3, stride = 2, largest_window = 11;

// In floats: a row of a window, which with bfloat16 may reach into the next pixel (there the
// filters are 0), and from a window to the next one.
template <typename Number>
int64_t words_of(const PictureWindow& window) {
    return blocks_of(window.columns * colours, per_word<Number>);
}
template <typename Number>
constexpr int64_t window_step = stride * colours / per_word<Number>;

// tile_rows neighbouring outputs of some vectors of channels. `lines`: where the rows of the first
// one's window begin.
template <typename Number, int vectors>
void run_tile(const float* const* lines, int64_t window_rows, int64_t words, const float* right,
              const Finish<Number>& finish, int64_t channel, int64_t at, int64_t channels,
              Number* output) {
    vec sum[tile_rows][vectors] = {};
    for (int64_t i = 0; i < window_rows; ++i) {
        const float* left = lines[i];
#pragma GCC unroll 1
        for (int64_t k = 0; k < words; ++k, right += tile_columns) {
            vec b[vectors];
#pragma GCC unroll 2
            for (int j = 0; j < vectors; ++j) b[j] = load(right + j * lanes);
#pragma GCC unroll 14
            for (int x = 0; x < tile_rows; ++x) {
                const vec a = splat(left[k + x * window_step<Number>]);
#pragma GCC unroll 2
                for (int j = 0; j < vectors; ++j)
                    sum[x][j] = multiply_add<Number>(sum[x][j], a, b[j]);
            }
        }
    }
#pragma GCC unroll 14
    for (int x = 0; x < tile_rows; ++x)
#pragma GCC unroll 2
        for (int j = 0; j < vectors; ++j) {
            const int64_t place = at + x * channels + j * lanes;
            store(output + place, finish(sum[x][j], channel + j * lanes, place));
        }
}

// The rows of one window, with zeros around the picture.
template <typename Number>
class Lines {
  public:
    Lines(const Plane& plane, const PictureWindow& window)
        : plane_(plane),
          window_(window),
          pixels_((plane.out_columns - 1) * stride + window.columns),
          pitch_(blocks_of((pixels_ + 1) * colours, per_word<Number>)),
          memory_((window.rows + 1) * pitch_),
          zeros_(memory_.data() + window.rows * pitch_) {
        std::fill_n(memory_.data(), (window.rows + 1) * pitch_, 0.f);
    }

    // Those of the windows of an output row. What the row before it had stays.
    void read(const Number* images, int64_t image, int64_t out_row) {
        const int64_t top = out_row * window_.row_stride - plane_.pad_top;
        if (image != image_) next_ = top;
        image_ = image;
        for (next_ = std::max(next_, top); next_ < top + window_.rows; ++next_)
            if (next_ >= 0 && next_ < plane_.rows) {
                const int64_t size = std::min(plane_.columns, pixels_ - plane_.pad_left) * colours;
                const Number* from =
                    images + (image * plane_.rows + next_) * plane_.columns * colours;
                std::memcpy((Number*)slot(next_) + plane_.pad_left * colours, from,
                            size * sizeof(Number));
            }
        for (int64_t i = 0; i < window_.rows; ++i) {
            const bool inside = top + i >= 0 && top + i < plane_.rows;
            lines_[i] = inside ? slot(top + i) : zeros_;
        }
    }

    // The rows of the window of output number `column`.
    const float* const* of(int64_t column) {
        for (int64_t i = 0; i < window_.rows; ++i)
            window_lines_[i] = lines_[i] + column * window_step<Number>;
        return window_lines_;
    }

  private:
    float* slot(int64_t row) const { return memory_.data() + row % window_.rows * pitch_; }

    const Plane& plane_;
    const PictureWindow& window_;
    const int64_t pixels_, pitch_;
    const Scratch memory_;
    const float* const zeros_;
    int64_t image_ = -1, next_ = 0;  // the first row that is not there
    const float *lines_[largest_window], *window_lines_[largest_window];
};

}  // namespace

bool pictures_taken(const Plane& plane, const PictureWindow& window, int64_t column_stride) {
    return plane.in == colours && column_stride == stride && plane.out % lanes == 0 &&
           plane.out_columns >= tile_rows && window.rows <= largest_window &&
           window.columns <= largest_window && plane.pad_left < window.columns;
}

template <typename Number>
size_t pictures_packed_size(const PictureWindow& window, int64_t out) {
    return panels_of(out) * window.rows * words_of<Number>(window) * tile_columns;
}

template <typename Number>
void pictures_pack(const float* filters, const PictureWindow& window, int64_t out,
                   const float* scale, float* packed) {
    // As if each row of a window were a pixel of many channels.
    const int64_t depth = words_of<Number>(window) * per_word<Number>;
    const Scratch rows(out * window.rows * depth);
    std::fill_n(rows.data(), out * window.rows * depth, 0.f);
    for (int64_t o = 0; o < out; ++o)
        for (int64_t c = 0; c < colours; ++c)
            for (int64_t i = 0; i < window.rows; ++i)
                for (int64_t j = 0; j < window.columns; ++j)
                    rows.data()[(o * window.rows + i) * depth + j * colours + c] =
                        filters[((o * colours + c) * window.rows + i) * window.columns + j];
    pack_panels<Number>(rows.data(), scale, panels_of(out), window.rows * depth,
                        [out](int64_t column) { return column < out ? column : -1; }, packed);
}

template <typename Number>
void pictures_convolve(const Plane& plane, const PictureWindow& window, const Number* images,
                       const float* packed, const Finish<Number>& finish, Number* output) {
    const int64_t words = words_of<Number>(window);
#pragma omp parallel
    {
        Lines<Number> lines(plane, window);
        const Share mine(plane.batch * plane.out_rows);
        for (int64_t row = mine.first; row < mine.last; ++row) {
            lines.read(images, row / plane.out_rows, row % plane.out_rows);
            for (int64_t panel = 0; panel < panels_of(plane.out); ++panel) {
                const int64_t channel = panel * tile_columns;
                const auto run = plane.out - channel >= tile_columns
                                     ? run_tile<Number, tile_vectors>
                                     : run_tile<Number, 1>;
                const float* right = packed + panel * window.rows * words * tile_columns;
                for (int64_t x = 0; x < plane.out_columns; x += tile_rows) {
                    // The last ones may be computed twice.
                    const int64_t first = std::min(x, plane.out_columns - tile_rows);
                    run(lines.of(first), window.rows, words, right, finish, channel,
                        (row * plane.out_columns + first) * plane.out + channel, plane.out,
                        output);
                }
            }
        }
    }
}

#define INSTANTIATE(Number)                                                                     \
    template size_t pictures_packed_size<Number>(const PictureWindow&, int64_t);                \
    template void pictures_pack<Number>(const float*, const PictureWindow&, int64_t,            \
                                        const float*, float*);                                  \
    template void pictures_convolve(const Plane&, const PictureWindow&, const Number*,          \
                                    const float*, const Finish<Number>&, Number*);
INSTANTIATE(float)
INSTANTIATE(bfloat16)

}  // namespace tt
