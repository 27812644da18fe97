// SPDX-License-Identifier: BSD-3-Clause
// The README's first program with libtorch, to compare what compiling and shipping it takes.
#include <torch/torch.h>

#include <iostream>

int main() {
  const torch::Tensor points = torch::tensor({{0.0F, 0.0F}, {0.0F, 1.0F}, {1.0F, 0.0F}, {1.0F, 1.0F}});
  const torch::Tensor classes = torch::tensor({0, 1, 1, 0}, torch::kLong);  // exclusive or

  torch::manual_seed(1);
  torch::nn::Sequential model(torch::nn::Linear(2, 8), torch::nn::Tanh(), torch::nn::Linear(8, 2));
  torch::optim::Adam optimizer(model->parameters(), torch::optim::AdamOptions(0.05));

  for (int step = 0; step <= 200; ++step) {
    const torch::Tensor loss = torch::nn::functional::cross_entropy(model->forward(points), classes);
    loss.backward();
    optimizer.step();
    optimizer.zero_grad();
    if (step % 50 == 0) std::cout << "step " << step << "  loss " << loss.item<float>() << '\n';
  }
}
