# The kernels, compiled once for each kind of processor. Which one runs is chosen when the program starts.
option(XTAPE_MORE_ABLE_PROCESSORS "Compile kernels for AVX2 and AVX-512 too, where the compiler's own target is less" ON)
set(xtape_kernel_optimization -O3)
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=|-O0") # Sanitizers make the optimiser take minutes; -O0 is said to save time.
  set(xtape_kernel_optimization -O1)
endif()
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=.*undefined") # Whether a pointer wraps around takes more time than all else.
  list(APPEND xtape_kernel_optimization -fno-sanitize=pointer-overflow)
endif()

file(GLOB xtape_kernel_sources CONFIGURE_DEPENDS src/kernels/simd/*.cpp)

function(xtape_add_kernels name)
  set(kernels xtape_kernels_${name})
  add_library(${kernels} OBJECT ${xtape_kernel_sources})
  target_compile_features(${kernels} PRIVATE cxx_std_20)
  target_include_directories(${kernels} PRIVATE src)
  target_link_libraries(${kernels} PRIVATE xsimd)
  target_compile_definitions(${kernels} PRIVATE XTAPE_SIMD=${name})
  # Fast in every configuration, and exact: see the options of the library itself. GCC takes what its AVX-512
  # intrinsics leave undefined on purpose for a mistake, and with -fipa-ra it can leave the upper halves of vector
  # registers dirty where a kernel ends with a call, which makes all code for SSE after it 10 times as slow. With
  # -ftree-loop-if-convert version 12 takes a bool that chooses between two vectors for a mask of their lanes (AVX-512,
  # -O3): y + x became x in all lanes but the first. On ARM64 it tells how it passed vectors before version 10.
  target_compile_options(${kernels} PRIVATE ${ARGN} ${xtape_kernel_optimization} -fno-fast-math -ffp-contract=off -fno-math-errno -fno-exceptions
    $<$<CXX_COMPILER_ID:GNU>:-fno-ipa-ra -fno-tree-loop-if-convert -Wno-psabi -Wno-uninitialized -Wno-maybe-uninitialized>)
  if(PROJECT_IS_TOP_LEVEL)
    target_compile_options(${kernels} PRIVATE -Wall -Wextra -Wpedantic -Wconversion)
  endif()
  # All of them together: see xtape_unity.cmake. Each file alone has to be right for one kind of processor only.
  set(together ON)
  if(name MATCHES "^(baseline|neon)$")
    set(together ${XTAPE_UNITY_BUILD})
  endif()
  set_target_properties(${kernels} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
    UNITY_BUILD ${together} UNITY_BUILD_BATCH_SIZE 0)
  target_sources(xtape PRIVATE $<TARGET_OBJECTS:${kernels}>)
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  xtape_add_kernels(neon)
  target_compile_definitions(xtape PRIVATE XTAPE_ARM64)
else()
  xtape_add_kernels(baseline)
endif()
if(XTAPE_MORE_ABLE_PROCESSORS AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  xtape_add_kernels(avx2 -mavx2 -mfma)
  xtape_add_kernels(avx512 -mavx2 -mfma -mavx512f -mavx512cd -mavx512dq -mavx512bw -mavx512vl)
  target_compile_definitions(xtape PRIVATE XTAPE_X86)
endif()
