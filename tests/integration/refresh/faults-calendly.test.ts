import { describeFaults } from './faults';

describeFaults('calendly', 'range', 'lookup');
