# Inside another project that fetches it with git and builds it: without optimisation, and for one kind of processor,
# for the sake of the time that this takes.
require_program(GIT git)
if(NOT GIT)
  return()
endif()

# A repository of what is here now, whether this is a repository, a shallow one, or the contents of an archive.
set(repository ${WORK_DIR}/repository)
file(COPY ${SOURCE_DIR}/CMakeLists.txt ${SOURCE_DIR}/LICENSE ${SOURCE_DIR}/cmake ${SOURCE_DIR}/include ${SOURCE_DIR}/src
  DESTINATION ${repository})
set(git ${GIT} -C ${repository} -c user.name=xtape -c user.email=xtape -c commit.gpgsign=false)
run(${git} init --quiet --initial-branch=main)
run(${git} add --all)
run(${git} commit --quiet --message=xtape)

run(${configure} "-DCMAKE_CXX_FLAGS=${COMPILER_FLAGS} -O0" -DXTAPE=${repository}
  -DXTAPE_MORE_ABLE_PROCESSORS=OFF)
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build --target first_program)
check_first_program(${WORK_DIR}/build/first_program)
