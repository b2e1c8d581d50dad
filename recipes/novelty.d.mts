export default function novelty(responses: readonly { ids: readonly number[] }[]): number[];
