#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/image.h"
#include "base/image_layout.h"

/* A list of numbers with pointers, as an image may hold one. */
struct link {
    uint64_t number;
    const struct link *before;
    const char *text;
};

struct file {
    struct arena *arena;
    char folder[64];
    const char *path;
};

static int set_up(void **state)
{
    struct file *file = calloc(1, sizeof *file);
    file->arena = arena_new(0);
    strcpy(file->folder, "/tmp/test_image_XXXXXX");
    assert_non_null(mkdtemp(file->folder));
    file->path = arena_format(file->arena, "%s/image", file->folder);
    *state = file;
    return 0;
}

static int tear_down(void **state)
{
    struct file *file = *state;
    unlink(file->path);
    rmdir(file->folder);
    arena_free(file->arena);
    free(file);
    return 0;
}

/* So many that the body has several blocks. */
enum { LINKS = 500000 };

static void write_links(const struct file *file, const char *label)
{
    struct image_writer *writer = image_writer_new(file->path);
    struct link own[3];
    const struct link *last = NULL;
    for (uint64_t i = 0; i < LINKS; i++) {
        struct link link = {i, last, image_put_text(writer, i % 2 ? "odd" : "even")};
        last =
            i < 3 ? image_put_as(writer, &own[i], &link, sizeof link) : image_put(writer, &link, sizeof link);
        if (i < 3)
            assert_ptr_equal(image_at(writer, &own[i]), last);
    }
    assert_null(image_at(writer, writer));
    assert_null(image_at(writer, NULL));
    struct status status = image_writer_finish(writer, file->arena, last, label, strlen(label));
    assert_true(status_ok(status));
}

static const char *reason_not_mapped(const struct file *file)
{
    const char *reason;
    struct image *image = image_open(file->path, &reason);
    if (!image)
        return reason;
    assert_null(image_map(image, &reason));
    image_close(image);
    return reason;
}

static void flip(const struct file *file, long offset)
{
    FILE *stream = fopen(file->path, "r+b");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, offset, SEEK_SET), 0);
    int byte = fgetc(stream);
    assert_int_equal(fseek(stream, offset, SEEK_SET), 0);
    fputc(byte ^ 1, stream);
    fclose(stream);
}

static void what_was_written_is_read_where_it_is_mapped(void **state)
{
    const struct file *file = *state;
    write_links(file, "of links");
    const char *reason;
    struct image *image = image_open(file->path, &reason);
    assert_non_null(image);
    assert_string_equal(image_label(image), "of links");
    assert_true(image_bytes(image) > LINKS * sizeof(struct link));
    const struct link *link = image_map(image, &reason);
    assert_non_null(link);
    assert_true(image_has(link));
    assert_false(image_has(image));
    uint64_t number = LINKS;
    for (; link; link = link->before) {
        assert_int_equal(link->number, --number);
        assert_string_equal(link->text, number % 2 ? "odd" : "even");
    }
    assert_int_equal(number, 0);
    image_close(image);
}

static void any_damage_is_found(void **state)
{
    const struct file *file = *state;
    write_links(file, "");
    struct stat stat_of;
    assert_int_equal(stat(file->path, &stat_of), 0);
    long end = (long)stat_of.st_size;
    const long offsets[] = {0,
                            16,
                            40,
                            (long)sizeof(struct image_head) - 1,
                            IMAGE_HEAD_BYTES,
                            IMAGE_BLOCK_BYTES - 1,
                            IMAGE_BLOCK_BYTES,
                            end - 9,
                            end - 1};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        flip(file, offsets[i]);
        assert_non_null(reason_not_mapped(file));
        flip(file, offsets[i]);
    }
    const char *reason;
    struct image *image = image_open(file->path, &reason);
    assert_non_null(image_map(image, &reason));
    image_close(image);
}

static void a_file_that_is_cut_or_longer_is_refused(void **state)
{
    const struct file *file = *state;
    write_links(file, "");
    struct stat stat_of;
    assert_int_equal(stat(file->path, &stat_of), 0);
    assert_int_equal(truncate(file->path, stat_of.st_size + 1), 0);
    assert_string_equal(reason_not_mapped(file), "it is not whole");
    assert_int_equal(truncate(file->path, stat_of.st_size - 1), 0);
    assert_string_equal(reason_not_mapped(file), "it is not whole");
    assert_int_equal(truncate(file->path, 100), 0);
    assert_string_equal(reason_not_mapped(file), "it is no image");
}

static void a_file_without_its_end_is_no_image(void **state)
{
    const struct file *file = *state;
    struct image_writer *writer = image_writer_new(file->path);
    image_put_text(writer, "begun");
    const char *reason;
    assert_null(image_open(file->path, &reason));
    assert_string_equal(reason, "it is no image");
    image_writer_abort(writer);
    assert_null(image_open(file->path, &reason));
    assert_null(reason);
}

static void a_taken_address_is_told(void **state)
{
    const struct file *file = *state;
    write_links(file, "");
    void *address = (void *)IMAGE_ADDRESS;
    void *taken = mmap(address, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_equal(taken, address);
    assert_string_equal(reason_not_mapped(file), "its address is taken");
    munmap(taken, 4096);
}

static void a_path_that_cannot_be_written_is_told_at_the_end(void **state)
{
    const struct file *file = *state;
    struct image_writer *writer = image_writer_new(arena_format(file->arena, "%s/none/image", file->folder));
    const void *root = image_put_text(writer, "lost");
    struct status status = image_writer_finish(writer, file->arena, root, "", 0);
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(status.message, "none/image can't be written"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_is_read_where_it_is_mapped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_damage_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_cut_or_longer_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_without_its_end_is_no_image, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_taken_address_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_path_that_cannot_be_written_is_told_at_the_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
