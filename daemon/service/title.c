#include "service/title.h"

#include <string.h>

#include "base/status.h"
#include "base/text.h"

enum { TITLE_BYTES = 500 };

void title_check(struct faults *faults, const char *title)
{
    if (strlen(title) > TITLE_BYTES)
        faults_add(faults, "", "title", "has %zu bytes; at most %d are taken", strlen(title), TITLE_BYTES);
    if (text_has_control(title, false))
        faults_add(faults, "", "title", "has a control character");
}
