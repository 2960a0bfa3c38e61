import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['journeys/**/*.test.ts'],
    // One browser and one server at a time: two cores are enough for one journey.
    fileParallelism: false,
    // Far above what a journey takes; it says that something never came, not that it was slow.
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
