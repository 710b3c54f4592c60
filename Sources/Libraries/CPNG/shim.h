#pragma once
#include <png.h>
#include <setjmp.h>
#include <string.h>

// libpng tells of errors by longjmp, which Swift can have no part in, and of warnings on standard error.

struct hbn_png_source {
    const unsigned char *bytes;
    size_t count;
    char error[128];
};

static inline void hbn_png_read(png_structp png, png_bytep room, size_t count) {
    struct hbn_png_source *source = (struct hbn_png_source *)png_get_io_ptr(png);
    if (count > source->count) png_error(png, "it ends before its picture does");
    memcpy(room, source->bytes, count);
    source->bytes += count;
    source->count -= count;
}

static inline void hbn_png_fail(png_structp png, png_const_charp message) {
    struct hbn_png_source *source = (struct hbn_png_source *)png_get_error_ptr(png);
    strncpy(source->error, message, sizeof source->error - 1);
    longjmp(png_jmpbuf(png), 1);
}

static inline void hbn_png_ignore(png_structp png, png_const_charp message) {}

struct hbn_png_header {
    png_uint_32 width, height;
    /// The samples of a pixel; 1 for a palette's index.
    int channels;
    int depth, isPalette;
    /// Of 3 bytes each.
    int colours;
    unsigned char palette[768];
};

/// Reads what a PNG file holds, nothing converted: with no `rows` its header, else its samples, of one byte or of two,
/// big ones first. A row has `stride` bytes. Returns 1, or 0 with an error in `source`.
static inline int hbn_png_decode(
    struct hbn_png_source *source, struct hbn_png_header *header, unsigned char *rows, size_t stride) {
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, source, hbn_png_fail, hbn_png_ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        strcpy(source->error, "no memory");
        png_destroy_read_struct(&png, NULL, NULL);
        return 0;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return 0;
    }
    png_set_read_fn(png, source, hbn_png_read);
    png_read_info(png, info);
    header->width = png_get_image_width(png, info);
    header->height = png_get_image_height(png, info);
    header->depth = png_get_bit_depth(png, info);
    header->channels = png_get_channels(png, info);
    header->isPalette = png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE;
    png_colorp palette;
    header->colours = 0;
    if (header->isPalette && png_get_PLTE(png, info, &palette, &header->colours)) {
        for (int i = 0; i < header->colours; i++) {
            header->palette[3 * i] = palette[i].red;
            header->palette[3 * i + 1] = palette[i].green;
            header->palette[3 * i + 2] = palette[i].blue;
        }
    }
    if (rows) {
        if (header->isPalette)
            png_set_packing(png);
        else if (header->depth < 8)
            png_set_expand_gray_1_2_4_to_8(png);
        int passes = png_set_interlace_handling(png);
        png_read_update_info(png, info);
        if (png_get_rowbytes(png, info) != stride) png_error(png, "its rows have another length than its header says");
        for (int pass = 0; pass < passes; pass++)
            for (png_uint_32 row = 0; row < header->height; row++) png_read_row(png, rows + row * stride, NULL);
    }
    png_destroy_read_struct(&png, &info, NULL);
    return 1;
}
