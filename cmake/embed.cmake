# Files that the daemon carries in itself: migrations and the vocabularies that every database starts with.
# embed(TARGET NAME FILE...) adds to TARGET a generated table `const struct embedded_file NAME[]`, ended by a row of
# NULLs, declared in base/embedded.h; rows are in the order given, named by their file name.
function(embed target name)
  set(out ${CMAKE_BINARY_DIR}/embedded/${name}.c)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/embedded
    COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/cmake/embed.py ${name} ${out} ${ARGN}
    DEPENDS ${ARGN} ${CMAKE_SOURCE_DIR}/cmake/embed.py
    COMMENT "embed ${name}" VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()

if(TARGET store)
  file(GLOB migrations CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sql/migrations/*.sql)
  list(SORT migrations)
  embed(store embedded_migrations ${migrations})
  embed(store embedded_push ${CMAKE_SOURCE_DIR}/sql/push/staging.sql)
  set(iso ${CMAKE_BINARY_DIR}/vocabulary)
  file(MAKE_DIRECTORY ${iso})
  foreach(kind languages countries)
    add_custom_command(
      OUTPUT ${iso}/iso_${kind}.tsv
      COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/sql/vocabulary/make_iso.py ${kind} ${iso}/iso_${kind}.tsv
      DEPENDS ${CMAKE_SOURCE_DIR}/sql/vocabulary/make_iso.py
      COMMENT "vocabulary of ${kind} from iso-codes" VERBATIM)
  endforeach()
  embed(store embedded_vocabularies
    ${CMAKE_SOURCE_DIR}/sql/vocabulary/isced_f_2013.tsv
    ${CMAKE_SOURCE_DIR}/sql/vocabulary/starter_outcomes.tsv
    ${iso}/iso_languages.tsv ${iso}/iso_countries.tsv)
endif()
