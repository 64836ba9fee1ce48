"""Every kind of picture becomes exactly the RGB array that can be written down beforehand."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from images.picture_files import encoded, noise
from PIL import Image

import theano_transfer as tt


def load(data, *args, **options):
    """The picture in `data`, (rows, columns, 3)."""
    return tt.images.load(io.BytesIO(data), *args, **options).transpose(1, 2, 0)


def test_a_picture_is_uint8_with_channels_first_and_channels_last_in_memory(tmp_path):
    pixels = noise(4, 7)
    path = tmp_path / "a.png"
    path.write_bytes(encoded(pixels))
    x = tt.images.load(path)
    assert x.dtype == np.uint8
    assert x.shape == (3, 4, 7)
    assert x.transpose(1, 2, 0).flags.c_contiguous
    np.testing.assert_array_equal(x, pixels.transpose(2, 0, 1))
    np.testing.assert_array_equal(tt.images.load(str(path)), x)
    with open(path, "rb") as file:
        np.testing.assert_array_equal(tt.images.load(file), x)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("png", {}), ("bmp", {}), ("gif", {}), ("webp", {"lossless": True}), ("jpeg", {})],
)
def test_format_is_told_by_content_whatever_the_name(tmp_path, kind, options):
    pixels = np.full((8, 8, 3), (200, 40, 90), np.uint8)
    path = tmp_path / "picture.txt"
    path.write_bytes(encoded(pixels, kind, **options))
    tolerance = 3 if kind == "jpeg" else 0
    difference = tt.images.load(path).astype(int) - pixels.transpose(2, 0, 1)
    assert abs(difference).max() <= tolerance


@pytest.mark.parametrize("kind", ["tiff", "eps", "ppm", "ico"])
def test_other_formats_are_refused_under_any_name(tmp_path, kind):
    path = tmp_path / "picture.jpg"
    path.write_bytes(encoded(noise(20, 20), kind))
    with pytest.raises(tt.images.ImageError, match="not a png, jpeg, bmp, gif or webp") as caught:
        tt.images.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"no picture", b"<svg xmlns='x'></svg>", b"\x89PNG\r\n"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(tt.images.ImageError):
        load(data)


def test_rgba_lies_over_white():
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0, 0] = (10, 20, 30, 255)
    rgba[0, 1] = (10, 20, 30, 0)  # the colour hidden behind full transparency must not show
    rgba[0, 2] = (55, 155, 255, 51)  # a fifth: 255 + (55 - 255) / 5, ...
    np.testing.assert_array_equal(
        load(encoded(rgba)), [[(10, 20, 30), (255, 255, 255), (215, 235, 255)]]
    )


def test_grey_with_alpha_lies_over_white():
    la = np.array([[[100, 255], [100, 0], [55, 51]]], np.uint8)
    expected = [[(100,) * 3, (255,) * 3, (215,) * 3]]
    np.testing.assert_array_equal(load(encoded(Image.fromarray(la, "LA"))), expected)


@pytest.mark.filterwarnings("default::DeprecationWarning")  # Pillow's, of fromarray with a mode
def test_palette_with_one_transparent_colour_or_with_alpha_for_each():
    image = Image.new("P", (3, 1))
    image.putpalette([1, 2, 3, 50, 60, 70, 55, 155, 255])
    image.putdata([0, 1, 2])
    np.testing.assert_array_equal(load(encoded(image)), [[(1, 2, 3), (50, 60, 70), (55, 155, 255)]])
    np.testing.assert_array_equal(
        load(encoded(image, transparency=1)), [[(1, 2, 3), (255, 255, 255), (55, 155, 255)]]
    )
    np.testing.assert_array_equal(
        load(encoded(image, transparency=bytes([255, 0, 51]))),
        [[(1, 2, 3), (255, 255, 255), (215, 235, 255)]],
    )


def test_grey_and_colour_with_a_transparent_key():
    grey = np.array([[0, 10, 20]], np.uint8)
    np.testing.assert_array_equal(load(encoded(grey, transparency=10))[0, :, 0], [0, 255, 20])
    colour = np.array([[(1, 2, 3), (4, 5, 6)]], np.uint8)
    np.testing.assert_array_equal(
        load(encoded(colour, transparency=(4, 5, 6))), [[(1, 2, 3), (255, 255, 255)]]
    )


def test_sixteen_bit_grey_is_scaled_not_cut():
    grey = np.array([[0, 128, 129, 300, 40000, 65535]], np.uint16)
    expected = np.array([0, 0, 1, 1, 156, 255])  # round(value / 257)
    np.testing.assert_array_equal(expected, np.rint(grey[0] / 257))
    picture = load(encoded(grey))
    for channel in range(3):
        np.testing.assert_array_equal(picture[0, :, channel], expected)


def sixteen_bit_png(pixels, colour_type, key=None):
    """A PNG file written by hand: Pillow writes no 16-bit colour, old ones no grey key."""

    def chunk(name, data):
        checksum = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

    rows, columns = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", columns, rows, 16, colour_type, 0, 0, 0)
    transparency = b"" if key is None else chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in pixels)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + transparency
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def test_sixteen_bit_grey_with_a_transparent_key():
    grey = np.array([[0, 300, 40000]], np.uint16)
    picture = load(sixteen_bit_png(grey, 0, key=(300,)))
    for channel in range(3):
        np.testing.assert_array_equal(picture[0, :, channel], [0, 255, 156])


def test_sixteen_bit_colour_is_scaled_and_keeps_its_transparency():
    pixels = np.array([[(0, 300, 65535), (40000, 40000, 40000), (25607, 300, 517)]], np.uint16)
    picture = load(sixteen_bit_png(pixels, 2)).astype(int)
    assert abs(picture - pixels / 257).max() <= 1
    keyed = load(sixteen_bit_png(pixels, 2, key=pixels[0, 2]))
    np.testing.assert_array_equal(keyed[0, 2], (255, 255, 255))
    np.testing.assert_array_equal(keyed[0, :2], picture[0, :2])
    alpha = np.array([[(0, 300, 65535, 0), (25700, 25700, 257, 65535)]], np.uint16)
    np.testing.assert_array_equal(
        load(sixteen_bit_png(alpha, 6)), [[(255, 255, 255), (100, 100, 1)]]
    )


def test_one_bit():
    bits = np.array([[True, False], [False, True]])
    expected = np.repeat(np.where(bits, 255, 0)[..., None], 3, axis=-1)
    np.testing.assert_array_equal(load(encoded(bits)), expected)


def test_cmyk_is_converted_not_taken_for_four_channels():
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    picture = load(encoded(cyan, "jpeg", quality=100)).astype(int)
    assert abs(picture - (0, 255, 255)).max() <= 2


def test_the_first_frame_of_an_animation():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue", "lime")]
    for kind in ("gif", "png", "webp"):
        options = {"lossless": True} if kind == "webp" else {}
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert Image.open(io.BytesIO(data)).n_frames == 3
        np.testing.assert_array_equal(load(data), np.broadcast_to((255, 0, 0), (4, 4, 3)))


TURNED = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.transpose(1, 0, 2),
    6: lambda x: np.rot90(x, -1),
    7: lambda x: x[::-1, ::-1].transpose(1, 0, 2),
    8: lambda x: np.rot90(x),
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("kind", ["png", "webp"])
def test_exif_orientation_is_applied(orientation, kind):
    pixels = noise(4, 7)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "webp" else {}
    np.testing.assert_array_equal(
        load(encoded(pixels, kind, exif=exif, **options)), TURNED[orientation](pixels)
    )


def test_exif_orientation_of_a_jpeg_comes_before_resizing():
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, :8] = 255  # white left half; orientation 6 makes that the upper half
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = load(encoded(pixels, "jpeg", quality=100, exif=exif), size=(4, 2))
    assert picture.shape == (4, 2, 3)
    assert picture[0].min() > 250
    assert picture[3].max() < 5


def test_broken_exif_data_do_not_spoil_the_picture():
    pixels = noise(8, 8)
    exif = b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x03"
    np.testing.assert_array_equal(load(encoded(pixels, exif=exif)), pixels)


def big_png(rows, columns):
    def chunk(name, data):
        checksum = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", columns, rows, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))


@pytest.mark.parametrize("length", [10_000, 20_000])
@pytest.mark.parametrize("action", ["error", "ignore"])
def test_decompression_bombs_are_refused_with_their_name(tmp_path, length, action):
    path = tmp_path / "bomb.png"
    path.write_bytes(big_png(length, length))
    with warnings.catch_warnings():
        # Pillow warns of the smaller one: refused whether that is shown, raised or ignored
        warnings.simplefilter(action)
        with pytest.raises(tt.images.ImageError, match=r"bomb\.png.*pixels"):
            tt.images.load(path)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "bmp"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_pictures_cut_short_are_refused(tmp_path, kind, part):
    data = encoded(noise(64, 64), kind)
    path = tmp_path / f"half.{kind}"
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(tt.images.ImageError, match="half") as caught:
        tt.images.load(path)
    assert caught.value.path == path
    assert caught.value.reason in str(caught.value)


def test_a_jpeg_that_pillow_verifies_although_it_is_cut_short(tmp_path):
    data = encoded(noise(64, 64), "jpeg")
    half = data[: len(data) // 2]
    Image.open(io.BytesIO(half)).verify()
    with pytest.raises(tt.images.ImageError):
        load(half)


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp", "bmp"])
def test_damaged_files_give_pictures_or_one_kind_of_error(kind):
    data = bytearray(encoded(noise(16, 16), kind))
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(data)
        for position in rng.integers(0, len(data), 4):
            damaged[position] = rng.integers(0, 256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of odd but readable data
            try:
                picture = load(bytes(damaged))
            except tt.images.ImageError:
                continue
        assert picture.dtype == np.uint8


def test_missing_file_and_folder_are_named(tmp_path):
    with pytest.raises(tt.images.ImageError, match=r"gone\.png': no such file"):
        tt.images.load(tmp_path / "gone.png")
    with pytest.raises(tt.images.ImageError, match="folder"):
        tt.images.load(tmp_path)
    with pytest.raises(TypeError, match="binary file"):
        tt.images.load(3)


def test_names_that_are_not_utf8_can_be_printed():
    error = tt.images.ImageError("caf\udce9.png", "no such file")
    assert str(error).encode("utf-8") == b"'caf\\xe9.png': no such file"


@pytest.mark.parametrize("shape", [(1, 1), (1, 30000), (30000, 1)])
def test_extreme_shapes(shape):
    pixels = np.full((*shape, 3), 77, np.uint8)
    np.testing.assert_array_equal(load(encoded(pixels)), pixels)
    np.testing.assert_array_equal(load(encoded(pixels), size=(5, 4)), np.full((5, 4, 3), 77))
    np.testing.assert_array_equal(
        load(encoded(pixels), size=(5, 4), crop=0.5), np.full((5, 4, 3), 77)
    )
