#include "base/build_id.h"

#include <elf.h>
#include <link.h>
#include <string.h>

struct search {
    unsigned char *id;
    bool found;
};

/* Notes are a head, a name and a content, each padded to 4 bytes. */
static size_t padded(size_t bytes)
{
    return (bytes + 3) & ~(size_t)3;
}

static void search_notes(struct search *search, const unsigned char *at, size_t bytes)
{
    ElfW(Nhdr) note;
    while (bytes >= sizeof note) {
        memcpy(&note, at, sizeof note);
        size_t name = padded(note.n_namesz), content = padded(note.n_descsz);
        if (sizeof note + name + content > bytes)
            return;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof ELF_NOTE_GNU &&
            memcmp(at + sizeof note, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0) {
            size_t size = note.n_descsz < BUILD_ID_BYTES ? note.n_descsz : BUILD_ID_BYTES;
            memcpy(search->id, at + sizeof note + name, size);
            search->found = size > 0;
            return;
        }
        at += sizeof note + name + content;
        bytes -= sizeof note + name + content;
    }
}

/* The program itself comes first, its libraries don't matter. */
static int search_program(struct dl_phdr_info *program, size_t, void *context)
{
    struct search *search = context;
    for (size_t i = 0; i < program->dlpi_phnum && !search->found; i++)
        if (program->dlpi_phdr[i].p_type == PT_NOTE)
            search_notes(search, (const unsigned char *)program->dlpi_addr + program->dlpi_phdr[i].p_vaddr,
                         program->dlpi_phdr[i].p_memsz);
    return 1;
}

bool build_id(unsigned char id[BUILD_ID_BYTES])
{
    struct search search = {.id = id};
    memset(id, 0, BUILD_ID_BYTES);
    dl_iterate_phdr(search_program, &search);
    return search.found;
}
